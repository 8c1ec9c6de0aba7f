-- INSERT names a column twice.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (a INT, b INT) WITH ('connector' = 'blackhole');
INSERT INTO o (a, a) SELECT id, v FROM plain;
SELECT 1;
