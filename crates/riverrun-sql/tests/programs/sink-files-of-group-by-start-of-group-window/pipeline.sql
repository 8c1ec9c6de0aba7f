CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE TABLE s (a TIMESTAMP(3), b BIGINT) WITH ('connector'='filesystem','path'='${DIR}/s','format'='json');
INSERT INTO s SELECT s, SUM(c) AS c FROM (SELECT HOP_START(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND) AS s, COUNT(*) AS c FROM ev GROUP BY HOP(ts, INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY s;
SELECT * FROM s;
