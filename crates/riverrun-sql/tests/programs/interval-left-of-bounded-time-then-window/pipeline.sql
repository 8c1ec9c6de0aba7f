-- interval left of bounded time then window
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (order_id BIGINT, paid INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
CREATE VIEW joined AS SELECT o.id, o.ts, p.paid FROM orders o LEFT JOIN payments p ON o.id = p.order_id AND p.ts BETWEEN o.ts AND o.ts + INTERVAL '2' MINUTE;
SELECT window_start, COUNT(*) AS n, COUNT(paid) AS m FROM TABLE(TUMBLE(TABLE joined, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end;
