-- Each event with those of its key in the next minute.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT a.id, b.id AS nxt FROM events a LEFT JOIN events b ON a.k = b.k AND b.ts > a.ts AND b.ts <= a.ts + INTERVAL '1' MINUTE;
