-- interval strict bounds
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (order_id BIGINT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
SELECT o.id, p.paid, p.ts FROM orders o JOIN payments p ON o.id = p.order_id AND p.ts > o.ts AND p.ts < o.ts + INTERVAL '3' MINUTE;
