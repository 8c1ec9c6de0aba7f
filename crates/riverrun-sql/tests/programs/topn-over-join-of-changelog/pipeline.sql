-- Top-N over a join with changes.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM (SELECT i.cat, e.id, e.v, ROW_NUMBER() OVER (PARTITION BY i.cat ORDER BY e.v DESC, e.id) AS rn FROM items i JOIN events e ON i.id = e.id) WHERE rn <= 2;
