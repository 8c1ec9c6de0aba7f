-- A subquery within a subquery that names the outermost table's column.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT id FROM plain AS p WHERE EXISTS (SELECT 1 FROM dims AS d WHERE d.k = p.k AND d.weight IN (SELECT MAX(weight) FROM dims AS e WHERE e.k = d.k));
