-- The same with views.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW tens AS SELECT window_time AS rt, k, SUM(v) AS s FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end, window_time;
SELECT window_start, window_end, k, SUM(s) AS s, COUNT(*) AS tens FROM TABLE(TUMBLE(TABLE tens, DESCRIPTOR(rt), INTERVAL '2' MINUTE)) GROUP BY k, window_start, window_end;
