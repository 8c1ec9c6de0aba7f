-- ARRAY_AGG with DISTINCT and FILTER.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT MOD(id, 2) AS h, ARRAY_AGG(k) AS a, ARRAY_AGG(DISTINCT k) AS d, ARRAY_AGG(v) FILTER (WHERE v > 9) AS f FROM plain GROUP BY MOD(id, 2);
