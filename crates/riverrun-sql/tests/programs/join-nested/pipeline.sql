-- join nested
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE customers (id BIGINT, customer STRING, country STRING, credit DECIMAL(10, 3))
WITH ('connector' = 'filesystem', 'path' = '${DIR}/customers.json', 'format' = 'json');
CREATE TABLE payments (order_id BIGINT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
SELECT o.id, p.paid, c.country FROM orders o LEFT JOIN (payments p JOIN customers c ON p.order_id = c.id) ON o.id = p.order_id;
