-- MAX over changes: the greatest leaves.
CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT MAX(price) AS ma, MIN(price) AS mi, MAX(cat) AS mc, COUNT(DISTINCT cat) AS dc, SUM(n) AS sn, AVG(n) AS an FROM items;
