-- Users without an order, of whom no stock is left.
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE stock (item STRING, left_n INT, PRIMARY KEY (item) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/stock.json', 'format' = 'canal-json');
SELECT u.id, u.name FROM users AS u WHERE NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.user_id = u.id AND o.item IN (SELECT item FROM stock WHERE left_n > 8));
