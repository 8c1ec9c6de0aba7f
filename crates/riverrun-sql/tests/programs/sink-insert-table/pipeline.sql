CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE VIEW w AS SELECT id FROM ev WHERE id<3;
CREATE TABLE s (a INT) WITH ('connector'='filesystem','path'='${DIR}/s','format'='json');
INSERT INTO s TABLE w;
INSERT INTO s (TABLE w);
SELECT * FROM s;
