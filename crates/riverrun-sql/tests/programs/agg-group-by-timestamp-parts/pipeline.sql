-- Grouped by the minute as text.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT DATE_FORMAT(ts, 'HH:mm') AS mi, COUNT(*) AS n, MIN(ts) AS f, MAX(ts) AS l FROM plain GROUP BY DATE_FORMAT(ts, 'HH:mm');
