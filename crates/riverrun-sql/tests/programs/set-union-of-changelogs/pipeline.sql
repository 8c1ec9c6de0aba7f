-- UNION of a changelog's columns with VALUES.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT cat FROM items UNION SELECT c FROM (VALUES ('x'), ('q')) AS t(c);
