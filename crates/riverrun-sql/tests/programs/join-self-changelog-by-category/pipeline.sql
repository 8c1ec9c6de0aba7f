-- A changelog joined with itself.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT a.id AS a, b.id AS b, a.price + b.price AS s FROM items AS a JOIN items AS b ON a.cat = b.cat AND a.id < b.id;
