CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT id, INTERVAL 300 SECOND AS a, INTERVAL (2) DAY AS b, INTERVAL 2 DAY(3) AS c, ts + INTERVAL 1000 MINUTE AS d, INTERVAL -14 MONTH AS e FROM ev WHERE id < 3;
