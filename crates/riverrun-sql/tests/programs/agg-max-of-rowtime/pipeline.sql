-- MAX, MIN and LAST_VALUE of the time attribute.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, MAX(ts) AS m, MIN(ts) AS mi, LAST_VALUE(ts) AS l FROM events GROUP BY k;
