CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE TABLE e2 (id INT, q INT, ts TIMESTAMP(3), t2 AS ts + INTERVAL q SECOND, WATERMARK FOR ts AS ts - INTERVAL q SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT id, t2 FROM e2 WHERE id < 6;
