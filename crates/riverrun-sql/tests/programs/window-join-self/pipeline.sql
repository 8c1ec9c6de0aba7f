-- Top row over the result of a window join.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
SELECT a.window_start, a.id AS i1, b.id AS i2 FROM w AS a JOIN w AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.k = b.k AND a.id < b.id;
