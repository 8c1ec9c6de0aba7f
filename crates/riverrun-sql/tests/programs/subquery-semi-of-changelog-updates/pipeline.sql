-- IN over a changelog whose rows leave.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT id, cat FROM items WHERE cat IN (SELECT cat FROM items WHERE price > 8);
