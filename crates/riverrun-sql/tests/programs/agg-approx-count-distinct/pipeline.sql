-- APPROX_COUNT_DISTINCT in streaming mode.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, APPROX_COUNT_DISTINCT(v) AS n FROM plain GROUP BY k;
