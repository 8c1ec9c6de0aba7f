-- NOT EXISTS and IN between windows of one table.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
SELECT window_start, id FROM w AS a WHERE NOT EXISTS (SELECT 1 FROM w AS b WHERE b.window_start = a.window_start AND b.window_end = a.window_end AND b.v > a.v);
