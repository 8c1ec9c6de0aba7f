CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT r[2] AS a, r[1] AS b FROM (SELECT CAST(NULL AS ROW<x BIGINT NOT NULL, y STRING>) AS r FROM ev WHERE id = 1);
