-- A scalar subquery compared with the right side in ON of a left join.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT e.id, d.name FROM events e LEFT JOIN dims d ON e.k = d.k AND d.weight > (SELECT MIN(weight) FROM dims);
