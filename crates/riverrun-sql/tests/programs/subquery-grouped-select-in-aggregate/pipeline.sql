-- Whether an aggregate's value is among the rows of an updating table.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT k, MAX(id) IN (SELECT id FROM items) AS hit FROM events GROUP BY k;
