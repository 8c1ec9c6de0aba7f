-- What follows IS DISTINCT FROM is another condition.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM events WHERE k IS DISTINCT FROM 'a' AND v > 10 OR k IS NOT DISTINCT FROM NULL;
