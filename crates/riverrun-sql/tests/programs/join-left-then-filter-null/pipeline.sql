-- LEFT JOIN whose right side must be missing, then aggregated.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT COUNT(*) AS n, SUM(v) AS s FROM plain AS p LEFT JOIN dims AS d ON p.k = d.k WHERE d.name IS NULL;
