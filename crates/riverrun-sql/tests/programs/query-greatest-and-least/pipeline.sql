-- GREATEST and LEAST of columns of several types.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, GREATEST(v, id) AS g, LEAST(v, id, 3) AS l, GREATEST(k, 'b') AS gk, LEAST(d, 1.5) AS ld FROM plain;
