-- Sessions of users, and how many have each number of orders.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW sessions AS SELECT user_id, window_start, window_end, COUNT(*) AS n, SUM(qty) AS q FROM TABLE(SESSION(TABLE orders PARTITION BY user_id, DESCRIPTOR(ts), INTERVAL '4' MINUTE)) GROUP BY user_id, window_start, window_end;
SELECT n, COUNT(*) AS sessions, MAX(TIMESTAMPDIFF(SECOND, window_start, window_end)) AS longest, SUM(q) AS q FROM sessions GROUP BY n;
