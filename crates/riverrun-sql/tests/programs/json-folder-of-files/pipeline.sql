-- A folder of several files is one table; the path of each as metadata.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (id INT, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o SELECT id, 'p' || CAST(MOD(id, 3) AS STRING) FROM plain;
INSERT INTO o PARTITION (p = 'fixed') SELECT id + 100 FROM plain WHERE id < 3;
SELECT p, COUNT(*) AS n, MIN(id) AS mi FROM o GROUP BY p;
