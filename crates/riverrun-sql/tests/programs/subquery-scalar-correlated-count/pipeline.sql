-- subquery scalar correlated count
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (order_id BIGINT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
SELECT id, (SELECT COUNT(*) FROM payments p WHERE p.order_id = o.id) AS n FROM orders o;
