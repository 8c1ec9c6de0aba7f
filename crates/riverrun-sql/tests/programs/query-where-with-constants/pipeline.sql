-- Conditions that are constant.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM plain WHERE 1 = 1 AND (FALSE OR id < 4) AND NULL IS NULL UNION ALL SELECT id FROM plain WHERE 1 = 0;
