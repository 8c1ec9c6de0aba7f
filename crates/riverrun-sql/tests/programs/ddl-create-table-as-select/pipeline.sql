-- CREATE TABLE AS SELECT.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json') AS SELECT id, k, v * 2 AS vv, amt FROM plain WHERE v > 5;
SELECT * FROM o;
