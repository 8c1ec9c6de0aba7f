-- IF NOT EXISTS, IF EXISTS and OR REPLACE leave or replace what is there.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE IF NOT EXISTS plain (other STRING) WITH ('connector' = 'blackhole');
CREATE VIEW IF NOT EXISTS w AS SELECT id FROM plain WHERE id = 1;
CREATE VIEW IF NOT EXISTS w AS SELECT id FROM plain WHERE id = 2;
DROP VIEW IF EXISTS nothing;
DROP TABLE IF EXISTS nothing;
SELECT * FROM w;
