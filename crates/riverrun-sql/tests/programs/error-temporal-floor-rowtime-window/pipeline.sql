-- A window over an event time rounded down.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT id, FLOOR(ts TO MINUTE) AS m FROM events), DESCRIPTOR(m), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
