-- The group with the largest sum, by >= ALL.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, SUM(v) AS s FROM events GROUP BY k HAVING SUM(v) >= ALL (SELECT SUM(v) FROM events WHERE k IS NOT NULL GROUP BY k);
