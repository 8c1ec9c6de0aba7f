-- Windows over a view that is a union.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW u AS SELECT id, ts FROM events WHERE v > 10 UNION ALL SELECT id, ts FROM events WHERE v <= 10;
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
