-- COUNT(DISTINCT a, b).
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT COUNT(DISTINCT k, v) AS n, COUNT(k, v) AS m FROM plain;
