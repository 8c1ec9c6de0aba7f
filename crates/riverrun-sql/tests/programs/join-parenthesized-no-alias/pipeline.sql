-- A join in parentheses as the right side of another.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT e.id, d.name, i.cat FROM events e LEFT JOIN (dims d JOIN items i ON d.weight < i.n) ON e.k = d.k;
