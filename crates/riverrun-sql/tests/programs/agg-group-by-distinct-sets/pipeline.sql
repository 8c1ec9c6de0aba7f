CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT k, g, COUNT(*) AS c FROM ev GROUP BY DISTINCT GROUPING SETS ((k), (k), (g), (g, k), (k, g));
