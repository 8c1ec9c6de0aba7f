-- Folders of partitions, and a condition on them.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (id INT, v INT, k STRING, half INT) PARTITIONED BY (k, half) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o SELECT id, v, k, MOD(id, 2) FROM plain WHERE k IS NOT NULL;
SELECT half, k, COUNT(*) AS n, SUM(v) AS s FROM o WHERE half = 1 AND k <> 'c' GROUP BY half, k;
