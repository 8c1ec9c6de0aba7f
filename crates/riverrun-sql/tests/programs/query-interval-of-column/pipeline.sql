CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT id, ts + INTERVAL q DAY AS a, ts - INTERVAL (q + id) MONTH AS b, INTERVAL -q HOUR AS c, INTERVAL (q) SECOND(3) AS d, INTERVAL ev.q YEAR AS e, INTERVAL q WEEK AS f, ts + INTERVAL `q` QUARTER AS g, DATE '2024-01-31' + INTERVAL q MONTH AS h FROM ev WHERE id < 6;
