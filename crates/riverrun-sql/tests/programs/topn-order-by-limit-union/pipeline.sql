-- Two Top-N side by side.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
(SELECT id, v FROM events ORDER BY v DESC LIMIT 2) UNION ALL (SELECT id, v FROM events ORDER BY v LIMIT 2);
