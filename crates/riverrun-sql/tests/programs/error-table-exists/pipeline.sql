-- CREATE TABLE of a name that is taken.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE plain (a INT) WITH ('connector' = 'blackhole');
SELECT 1;
