-- An aggregate of aggregates, as they change.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT MAX(s) AS top, MIN(s) AS low, COUNT(*) AS cats FROM (SELECT cat, SUM(price * n) AS s FROM items GROUP BY cat);
