CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT id, CASE k WHEN 'a', 'b' THEN 1.5 WHEN 'c', NULL THEN 2 END AS c, CASE q WHEN 1, id + 1 THEN 'x' WHEN 5 THEN 'yyy' ELSE 'zz' END AS d FROM ev;
