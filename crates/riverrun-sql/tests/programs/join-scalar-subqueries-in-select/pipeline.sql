-- Several scalar subqueries, one correlated.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT d.name, (SELECT MAX(v) FROM plain) AS top, (SELECT COUNT(*) FROM plain AS p WHERE p.k = d.k) AS n, d.weight / (SELECT SUM(weight) FROM dims) AS share FROM dims AS d;
