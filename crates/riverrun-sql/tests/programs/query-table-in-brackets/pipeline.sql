CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE VIEW w AS SELECT id, q FROM ev WHERE id < 3;
CREATE VIEW ids AS SELECT id FROM (TABLE w);
WITH x AS (TABLE w) SELECT a.id, b.q, (SELECT COUNT(*) FROM ((TABLE ids))) AS c FROM (TABLE w) AS a, (TABLE x) AS b JOIN (TABLE ids) AS d ON b.id = d.id WHERE a.id = b.id AND a.id = ANY (TABLE ids);
