-- DISTINCT over expressions of different types.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT DISTINCT k, v > 10 AS big, CAST(amt AS INT) AS a FROM plain;
