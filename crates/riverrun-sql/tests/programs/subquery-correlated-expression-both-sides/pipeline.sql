-- A condition whose one side reads both queries.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, (SELECT COUNT(*) FROM events e2 WHERE e2.v + e.v > 40) AS n FROM events e;
