-- LATERAL with a filter by two outer columns.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT d.name, x.id FROM dims AS d LEFT JOIN LATERAL (SELECT id, v FROM plain WHERE plain.k = d.k AND plain.d > d.weight) AS x ON TRUE;
