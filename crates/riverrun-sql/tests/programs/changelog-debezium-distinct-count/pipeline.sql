-- Aggregates over a table with updates and deletes.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT COUNT(DISTINCT cat) AS c, COUNT(*) AS n, SUM(price) AS s, AVG(n) AS a, MIN(price) AS m FROM items;
