-- The lines of orders, unnested and summed up by windows.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW each_line AS SELECT o.id, o.ts, l.sku, l.n FROM orders AS o CROSS JOIN UNNEST(o.`lines`) AS l (sku, n);
SELECT window_start, sku, COUNT(*) AS c, SUM(n) AS s, AVG(n) AS a FROM TABLE(CUMULATE(TABLE each_line, DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '30' MINUTE)) GROUP BY window_start, window_end, sku;
