-- The two keys with the largest sums, as they change.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT cat, s, rn FROM (SELECT cat, s, ROW_NUMBER() OVER (ORDER BY s DESC, cat) AS rn FROM (SELECT cat, SUM(price * n) AS s FROM items GROUP BY cat)) WHERE rn <= 2;
