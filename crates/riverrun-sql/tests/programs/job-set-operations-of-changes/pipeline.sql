-- Multisets of changes: INTERSECT ALL and EXCEPT ALL.
CREATE TABLE users (id INT, name STRING, city STRING, score INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/users.json', 'format' = 'debezium-json');
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW a AS SELECT id FROM users UNION ALL SELECT user_id FROM orders WHERE qty > 1;
CREATE VIEW b AS SELECT score AS id FROM users UNION ALL SELECT user_id FROM orders WHERE qty = 1;
SELECT 'both' AS w, id FROM (SELECT id FROM a INTERSECT ALL SELECT id FROM b) UNION ALL SELECT 'only', id FROM (SELECT id FROM a EXCEPT ALL SELECT id FROM b);
