-- RIGHT JOIN with a condition on either side in ON.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT p.id, d.name FROM plain AS p RIGHT JOIN dims AS d ON p.k = d.k AND p.v > 15 AND d.weight IS NOT NULL;
