-- No rows, grouped and not.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, COUNT(*) AS n FROM plain WHERE id > 100 GROUP BY k UNION ALL SELECT 'all', COUNT(*) FROM plain WHERE id > 100;
