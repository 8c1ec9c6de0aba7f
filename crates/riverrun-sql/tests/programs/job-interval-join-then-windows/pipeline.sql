-- An interval join keeps the time by which windows count.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (pay_id INT, order_id INT, amount DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
CREATE VIEW paid AS SELECT o.id, o.item, o.ts AS ordered_at, p.amount FROM orders AS o JOIN payments AS p ON o.id = p.order_id AND p.ts BETWEEN o.ts - INTERVAL '15' MINUTE AND o.ts + INTERVAL '15' MINUTE;
SELECT window_end, COUNT(*) AS n, SUM(amount) AS s, COUNT(DISTINCT item) AS items FROM TABLE(HOP(TABLE paid, DESCRIPTOR(ordered_at), INTERVAL '5' MINUTE, INTERVAL '15' MINUTE)) GROUP BY window_start, window_end;
