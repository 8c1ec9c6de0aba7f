-- What is computed of an event time is shown as one behind a window function.
CREATE TABLE o (oid INT, cust STRING, amt DECIMAL(10, 2), cur STRING, ots TIMESTAMP(3), optime AS PROCTIME(), WATERMARK FOR ots AS ots - INTERVAL '10' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE VIEW vv AS SELECT oid, cust, ots + INTERVAL '1' HOUR AS later, ots, amt FROM o;
SELECT window_start, later, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE vv, DESCRIPTOR(ots), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, later;
