-- LIMIT within one branch of a UNION.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM (SELECT id FROM plain ORDER BY v DESC, id LIMIT 2) UNION ALL (SELECT id + 100 FROM plain WHERE id < 3);
