-- interval without keys
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (order_id BIGINT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
SELECT o.id, p.paid FROM orders o JOIN payments p ON p.ts BETWEEN o.ts - INTERVAL '1' MINUTE AND o.ts;
