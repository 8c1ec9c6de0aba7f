-- subquery derived in exists
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (order_id INT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM (SELECT order_id, SUM(paid) AS s FROM payments GROUP BY order_id) t WHERE t.order_id = o.id AND t.s > 5);
