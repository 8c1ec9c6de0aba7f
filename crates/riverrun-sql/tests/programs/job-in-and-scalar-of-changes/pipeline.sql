-- A scalar of a changelog in a condition, and IN of an aggregated one.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE TABLE stock (item STRING, left_n INT, PRIMARY KEY (item) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/stock.json', 'format' = 'canal-json');
SELECT id, item, qty FROM orders WHERE qty >= (SELECT AVG(qty) FROM orders) AND user_id IN (SELECT id FROM users GROUP BY id HAVING SUM(score) > 2) AND item NOT IN (SELECT item FROM stock WHERE left_n < 3);
