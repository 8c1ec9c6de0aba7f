CREATE TABLE ev (
  id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
)
WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE VIEW ids AS SELECT id FROM ev WHERE id < 5;
SELECT id FROM ev WHERE id IN (TABLE ids) AND id NOT IN (TABLE ids) OR id + 6 IN (TABLE default_catalog.default_database.ids) OR id IN (TABLE ids);
