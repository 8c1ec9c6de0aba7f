-- IN over a grouped subquery with HAVING.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, k FROM plain WHERE k IN (SELECT k FROM plain GROUP BY k HAVING COUNT(*) > 2) AND (id, k) NOT IN (SELECT id, k FROM plain WHERE v = 10 AND k IS NOT NULL);
