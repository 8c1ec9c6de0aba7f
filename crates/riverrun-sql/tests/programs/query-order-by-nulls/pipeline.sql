-- NULLS FIRST, NULLS LAST.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, v, k FROM plain ORDER BY v DESC NULLS FIRST, k ASC NULLS LAST, id LIMIT 5;
