-- The sum of a Top-N over changes.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT SUM(price) AS s FROM (SELECT price FROM items ORDER BY price DESC NULLS LAST LIMIT 2);
