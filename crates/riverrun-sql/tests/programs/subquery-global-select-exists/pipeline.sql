-- EXISTS as a value beside an aggregate of all rows.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT COUNT(*) AS n, EXISTS (SELECT 1 FROM dims WHERE weight > 500) AS heavy FROM events;
