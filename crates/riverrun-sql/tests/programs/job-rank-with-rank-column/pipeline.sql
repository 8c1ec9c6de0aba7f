-- Ranks of aggregated changes, in the output.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE VIEW spent AS SELECT u.name, SUM(o.qty * o.price) AS total FROM orders AS o JOIN users AS u ON o.user_id = u.id GROUP BY u.name;
SELECT * FROM (SELECT name, total, ROW_NUMBER() OVER (ORDER BY total DESC, name) AS r FROM spent WHERE total IS NOT NULL) WHERE r <= 3;
