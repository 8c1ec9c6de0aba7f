-- Hints of state and joins, and of options, on a job of changes.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
SELECT /*+ STATE_TTL('o' = '1 d', 'u' = '2 d'), BROADCAST(u) */ u.city, COUNT(*) AS n FROM orders /*+ OPTIONS('json.ignore-parse-errors' = 'true') */ AS o JOIN users AS u ON o.user_id = u.id GROUP BY u.city;
