CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE VIEW w AS TABLE ev;
CREATE VIEW v AS SELECT id FROM w WHERE id < 3;
TABLE v UNION ALL TABLE v UNION ALL (TABLE v) UNION SELECT id + 1 FROM v;
