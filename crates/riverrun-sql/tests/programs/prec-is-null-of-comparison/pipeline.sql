-- What IS NULL stands behind.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, v > 5 IS NULL AS a, (v > 5) IS NOT TRUE AS b, v + 1 IS NULL AS c, NOT v > 5 IS TRUE AS d FROM events;
