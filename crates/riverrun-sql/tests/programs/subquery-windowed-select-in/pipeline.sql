-- IN as a value beside the aggregates of windows.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT window_start, k, k IN (SELECT name FROM dims WHERE name IS NOT NULL) AS f, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE k IS NOT NULL GROUP BY window_start, window_end, k;
