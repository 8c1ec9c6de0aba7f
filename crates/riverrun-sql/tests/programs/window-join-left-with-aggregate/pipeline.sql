-- A window's sums joined with its rows of another table by window.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW s AS SELECT window_start, window_end, k, SUM(v) AS sv FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k;
CREATE VIEW c AS SELECT window_start, window_end, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE v >= 10 GROUP BY window_start, window_end, k;
SELECT s.window_start, s.k, s.sv, c.n FROM s LEFT JOIN c ON s.window_start = c.window_start AND s.window_end = c.window_end AND s.k = c.k;
