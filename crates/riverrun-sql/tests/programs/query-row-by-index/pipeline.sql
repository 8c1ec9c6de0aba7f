CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT r[1] AS a, r['y'] AS b, r[CAST(2 AS BIGINT)] AS c, ROW(id, k)[2] AS d, (id, k)[1] AS f FROM (SELECT id, k, CAST((id, k) AS ROW<x BIGINT, y STRING>) AS r FROM ev WHERE id < 4);
