-- Pairs of rows of one table within 20 seconds.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT a.id AS a, b.id AS b, TIMESTAMPDIFF(SECOND, a.ts, b.ts) AS gap FROM events AS a JOIN events AS b ON a.k = b.k AND b.ts > a.ts AND b.ts <= a.ts + INTERVAL '20' SECOND;
