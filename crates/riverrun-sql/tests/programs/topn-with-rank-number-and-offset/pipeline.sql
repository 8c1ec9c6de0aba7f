-- Ranks two to three with their number.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM (SELECT id, v, ROW_NUMBER() OVER (ORDER BY v DESC NULLS LAST, id) AS rn FROM plain) WHERE rn BETWEEN 2 AND 3;
