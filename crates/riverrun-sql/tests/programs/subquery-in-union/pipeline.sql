-- IN over a union.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM plain WHERE id IN (SELECT 1 UNION SELECT 4 UNION ALL SELECT id FROM plain WHERE v = 40);
