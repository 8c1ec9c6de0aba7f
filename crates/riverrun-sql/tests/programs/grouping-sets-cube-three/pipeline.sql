-- CUBE over changes, with GROUPING.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT cat, n, COUNT(*) AS c, GROUPING(cat) AS gc, GROUPING(n) AS gn FROM items GROUP BY CUBE(cat, n);
