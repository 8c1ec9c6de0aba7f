-- A filter above a windowed aggregate, with arithmetic of its results.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT ws, ROUND(100.0 * bad / n, 1) AS pct FROM (SELECT window_start AS ws, COUNT(*) AS n, COUNT(*) FILTER (WHERE v IS NULL OR v < 0) AS bad FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end) WHERE n > 1;
