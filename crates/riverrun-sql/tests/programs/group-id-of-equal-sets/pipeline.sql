CREATE TABLE items (
  id INT, cat STRING, price DECIMAL(8, 2), n INT, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/items.json', 'format' = 'debezium-json');
SELECT GROUP_ID() g, cat, COUNT(*) c FROM items GROUP BY GROUPING SETS ((cat), (cat));
