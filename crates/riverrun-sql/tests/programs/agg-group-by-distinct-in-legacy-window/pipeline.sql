CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT k, TUMBLE_START(ts, INTERVAL '10' SECOND) AS s, COUNT(*) AS c FROM ev GROUP BY DISTINCT k, TUMBLE(ts, INTERVAL '10' SECOND);
