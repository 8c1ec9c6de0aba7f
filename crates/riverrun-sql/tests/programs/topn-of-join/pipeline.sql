-- The two most expensive items of each name over a join of changes.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT * FROM (SELECT a.id, b.name, a.price, ROW_NUMBER() OVER (PARTITION BY b.name ORDER BY a.price DESC, a.id) AS rn FROM items AS a JOIN (VALUES ('x', 'Ex'), ('y', 'Why'), ('z', 'Zed')) AS b(cat, name) ON a.cat = b.cat) WHERE rn <= 1;
