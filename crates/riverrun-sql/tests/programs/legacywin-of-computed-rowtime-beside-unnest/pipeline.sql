-- A group window by what is computed of an event time, beside UNNEST.
CREATE TABLE o (oid INT, cust STRING, amt DECIMAL(10, 2), cur STRING, ots TIMESTAMP(3), optime AS PROCTIME(), WATERMARK FOR ots AS ots - INTERVAL '10' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
SELECT TUMBLE_START(later, INTERVAL '4' MINUTE) AS w, COUNT(*) AS c FROM (SELECT later, x FROM (SELECT oid, ots + INTERVAL '1' HOUR AS later FROM o) CROSS JOIN UNNEST(ARRAY[1, 2]) AS u(x)) GROUP BY TUMBLE(later, INTERVAL '4' MINUTE);
