-- EXCEPT whose right side changes.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT n FROM (VALUES (1), (2), (3), (4), (5)) AS t(n) EXCEPT SELECT n FROM items;
