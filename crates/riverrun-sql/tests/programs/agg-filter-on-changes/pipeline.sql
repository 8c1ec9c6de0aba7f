-- FILTER over updated rows.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT COUNT(*) FILTER (WHERE price > 6) AS n, SUM(price) FILTER (WHERE cat = 'y') AS s, MAX(n) FILTER (WHERE cat = 'z') AS m FROM items;
