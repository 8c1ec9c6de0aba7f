-- GROUP BY of a key and a ROLLUP of expressions.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, EXTRACT(MINUTE FROM ts) AS m, id > 6 AS late, SUM(v) AS s FROM events GROUP BY k, ROLLUP(EXTRACT(MINUTE FROM ts), id > 6);
