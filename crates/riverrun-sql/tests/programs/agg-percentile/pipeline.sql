-- PERCENTILE, with one and several fractions, and frequencies.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT MOD(id, 2) AS h, PERCENTILE(v, 0.5) AS p, PERCENTILE(v, ARRAY[0.25, 0.75]) AS ps FROM plain GROUP BY MOD(id, 2);
