-- The newest row of each order, with its user, summed up.
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW newest AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts DESC) AS rn FROM orders) WHERE rn = 1;
SELECT u.name, SUM(n.qty * n.price) AS total, COUNT(*) AS c FROM newest AS n JOIN users AS u ON n.user_id = u.id GROUP BY u.name;
