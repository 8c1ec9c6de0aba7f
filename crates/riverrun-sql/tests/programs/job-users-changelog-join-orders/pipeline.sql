-- Orders joined with users that change, counted by city.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE VIEW enriched AS SELECT o.id, o.item, u.city, u.name, o.qty FROM orders AS o LEFT JOIN users AS u ON o.user_id = u.id;
SELECT city, COUNT(*) AS n, COUNT(DISTINCT name) AS names, SUM(qty) AS q, LISTAGG(DISTINCT item) IS NULL AS nothing FROM enriched GROUP BY city;
