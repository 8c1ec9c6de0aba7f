-- Two INSERTs into one table append.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv');
INSERT INTO o SELECT id FROM plain WHERE id < 3;
INSERT INTO o SELECT id FROM plain WHERE id > 10;
SELECT id, COUNT(*) OVER (PARTITION BY id ORDER BY PROCTIME()) AS n FROM o;
