-- join four left
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (order_id INT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
SELECT o.id, p.paid, q.paid AS q, r.amount FROM orders o LEFT JOIN payments p ON o.id = p.order_id LEFT JOIN payments q ON p.paid = q.paid LEFT JOIN orders r ON q.order_id = r.id;
