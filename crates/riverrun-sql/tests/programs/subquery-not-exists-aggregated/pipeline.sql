-- NOT EXISTS over a grouped subquery.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT name FROM dims AS d WHERE NOT EXISTS (SELECT k FROM plain AS p WHERE p.k = d.k GROUP BY k HAVING COUNT(*) > 2);
