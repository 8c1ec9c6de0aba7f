CREATE TABLE big (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/big.json','format'='json');
CREATE TABLE s (a TIMESTAMP(3), b BIGINT, c INT) WITH ('connector'='filesystem','path'='${DIR}/s','format'='json');
INSERT INTO s SELECT window_start, COUNT(*) c, MAX(a0) m FROM (SELECT window_end, window_start, g AS k0, SUM(q) AS a0 FROM TABLE(SESSION(TABLE big, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY g, window_end, window_start) GROUP BY window_start, window_end;
SELECT * FROM s;
