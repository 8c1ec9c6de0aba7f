-- SELECT DISTINCT ordered by what isn't selected.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT DISTINCT k FROM plain ORDER BY v LIMIT 2;
