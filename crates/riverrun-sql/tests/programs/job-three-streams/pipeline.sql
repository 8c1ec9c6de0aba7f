-- Three streams joined, two of them by time.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (pay_id INT, order_id INT, amount DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
CREATE TABLE rates (item STRING, rate INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
SELECT o.item, COUNT(*) AS n, MAX(r.rate) AS r, SUM(p.amount) AS a FROM orders AS o JOIN payments AS p ON o.id = p.order_id AND p.ts BETWEEN o.ts - INTERVAL '30' MINUTE AND o.ts + INTERVAL '30' MINUTE JOIN rates AS r ON r.item = o.item AND r.ts BETWEEN o.ts - INTERVAL '10' MINUTE AND o.ts GROUP BY o.item;
