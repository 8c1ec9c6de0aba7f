-- A subquery in HAVING.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, SUM(v) AS s FROM plain GROUP BY k HAVING SUM(v) > (SELECT AVG(v) FROM plain);
