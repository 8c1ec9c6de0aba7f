-- A cast time attribute is a plain timestamp.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, CAST(ts AS TIMESTAMP(3)) AS plain_ts, ts + INTERVAL '1' SECOND AS later, ts FROM events WHERE id < 3;
