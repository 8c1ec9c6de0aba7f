-- What is computed of an event time is shown as one behind a Top-N.
CREATE TABLE o (oid INT, cust STRING, amt DECIMAL(10, 2), cur STRING, ots TIMESTAMP(3), optime AS PROCTIME(), WATERMARK FOR ots AS ots - INTERVAL '10' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE VIEW vv AS SELECT oid, cust, ots + INTERVAL '1' HOUR AS later, ots, amt FROM o;
SELECT later, ots FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cust ORDER BY amt DESC) AS rn FROM vv) WHERE rn <= 1;
