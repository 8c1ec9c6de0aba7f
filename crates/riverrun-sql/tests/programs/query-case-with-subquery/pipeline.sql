-- CASE over a scalar subquery and EXISTS.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM dims AS d WHERE d.k = plain.k) THEN 'known' ELSE 'unknown' END AS s FROM plain;
