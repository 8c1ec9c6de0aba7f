-- EXCEPT and UNION over a table that changes.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT cat FROM items EXCEPT SELECT 'x' UNION SELECT 'w';
