-- A group leaves the result as its rows are updated.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT cat, COUNT(*) AS n, SUM(price) AS s FROM items GROUP BY cat HAVING COUNT(*) > 1;
