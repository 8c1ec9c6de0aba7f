-- ORDER BY, LIMIT and OFFSET of an updating aggregate.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, COUNT(*) AS n FROM plain GROUP BY k ORDER BY n DESC, k LIMIT 2 OFFSET 1;
