-- The best items of each window, joined with the payments of the same window.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE payments (pay_id INT, order_id INT, amount DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/payments.json', 'format' = 'json');
CREATE VIEW per_item AS SELECT window_start, window_end, item, SUM(qty * price) AS turnover FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY window_start, window_end, item;
CREATE VIEW best AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY turnover DESC, item) AS rn FROM per_item WHERE turnover IS NOT NULL) WHERE rn <= 2;
CREATE VIEW per_window AS SELECT window_start, window_end, COUNT(*) AS payments, SUM(amount) AS paid FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY window_start, window_end;
SELECT b.window_start, b.item, b.rn, b.turnover, p.payments, p.paid FROM best AS b LEFT JOIN per_window AS p ON b.window_start = p.window_start AND b.window_end = p.window_end;
