-- INSERT names a column that isn't there.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (a INT) WITH ('connector' = 'blackhole');
INSERT INTO o (b) SELECT id FROM plain;
SELECT 1;
