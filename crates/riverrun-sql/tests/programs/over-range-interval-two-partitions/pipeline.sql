-- A range of time over a partition by an expression.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, k, v, SUM(v) OVER w AS s, COUNT(*) OVER w AS n, MIN(v) OVER w AS mn FROM events WINDOW w AS (PARTITION BY k, v > 10 ORDER BY ts RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW);
