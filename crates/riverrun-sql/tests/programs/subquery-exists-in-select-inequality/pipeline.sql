-- EXISTS tied by an inequality, as a value.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT id, EXISTS (SELECT 1 FROM dims WHERE dims.weight > events.d) AS h FROM events;
