-- FIRST_VALUE and MAX of the time attribute.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, FIRST_VALUE(ts) OVER (PARTITION BY k ORDER BY ts) AS f, MAX(ts) OVER (PARTITION BY k ORDER BY ts) AS m FROM events;
