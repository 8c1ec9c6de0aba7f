-- EXISTS and NOT EXISTS together.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT id FROM plain AS p WHERE EXISTS (SELECT 1 FROM dims AS d WHERE d.k = p.k AND d.weight > 1.8) AND NOT EXISTS (SELECT 1 FROM plain AS q WHERE q.k = p.k AND q.v > p.v);
