-- Customers with their number of different values, none included.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT d.name, COUNT(DISTINCT p.v) AS dv, COUNT(p.id) AS n, COALESCE(SUM(p.amt), 0) AS s FROM dims AS d LEFT JOIN plain AS p ON p.k = d.k GROUP BY d.name;
