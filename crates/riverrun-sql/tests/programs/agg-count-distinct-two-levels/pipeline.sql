-- Number of groups by their size.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT n, COUNT(*) AS keys_of_size FROM (SELECT k, COUNT(*) AS n FROM plain GROUP BY k) GROUP BY n;
