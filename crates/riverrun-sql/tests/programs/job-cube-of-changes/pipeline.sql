-- CUBE over a join of changelogs.
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT u.city, o.item, GROUPING_ID(u.city, o.item) AS g, COUNT(*) AS n, AVG(u.score) AS s FROM users AS u JOIN orders AS o ON o.user_id = u.id WHERE o.qty IS NOT NULL GROUP BY CUBE (u.city, o.item);
