-- A running sum of each user, and the largest of it in each window.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW moving AS SELECT user_id, ts, SUM(qty) OVER w AS s, COUNT(*) OVER w AS c, MAX(item) OVER w AS last_item FROM orders WINDOW w AS (PARTITION BY user_id ORDER BY ts RANGE BETWEEN INTERVAL '20' MINUTE PRECEDING AND CURRENT ROW);
SELECT window_start, MAX(s) AS s, MAX(c) AS c, COUNT(DISTINCT user_id) AS u FROM TABLE(TUMBLE(TABLE moving, DESCRIPTOR(ts), INTERVAL '15' MINUTE)) GROUP BY window_start, window_end;
