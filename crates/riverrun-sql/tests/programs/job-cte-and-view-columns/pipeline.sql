-- Views with names of columns, and queries with names within queries.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (pay_id INT, order_id INT, amount DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
CREATE VIEW v (k, total) AS WITH p AS (SELECT order_id, SUM(amount) AS a FROM payments GROUP BY order_id), o AS (SELECT DISTINCT id FROM orders) SELECT o.id, p.a FROM o LEFT JOIN p ON o.id = p.order_id;
WITH paid AS (SELECT * FROM v WHERE total IS NOT NULL), unpaid AS (SELECT k FROM v WHERE total IS NULL) SELECT 'paid' AS w, COUNT(*) AS n, SUM(total) AS t FROM paid UNION ALL SELECT 'unpaid', COUNT(*), CAST(NULL AS DOUBLE) FROM unpaid;
