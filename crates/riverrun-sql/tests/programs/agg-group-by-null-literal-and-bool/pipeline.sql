-- Grouped by a comparison that may be unknown.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT v > 9 AS g, COUNT(*) AS n FROM plain GROUP BY v > 9;
