-- HAVING with an aggregate that isn't selected and an expression of keys.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, MAX(v) AS m FROM plain GROUP BY k HAVING COUNT(v) > 1 AND SUM(d) > 0 AND UPPER(k) <> 'D';
