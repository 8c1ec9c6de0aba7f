-- Filtered groups with BETWEEN and IN.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, COUNT(*) AS n, SUM(v) AS s FROM plain GROUP BY k HAVING COUNT(*) BETWEEN 2 AND 4 AND k IN ('a', 'b', 'c');
