-- UNNEST of COLLECT.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, x FROM (SELECT k, COLLECT(v) AS c FROM plain GROUP BY k) CROSS JOIN UNNEST(c) AS u(x);
