-- A stream joined with the version of a rate, then summed up by windows.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE rates (item STRING, rate INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
CREATE VIEW versions AS SELECT item, rate, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts DESC) AS rn FROM rates) WHERE rn = 1;
CREATE VIEW rated AS SELECT o.id, o.item, o.ts, o.qty * v.rate AS amount FROM orders AS o LEFT JOIN versions FOR SYSTEM_TIME AS OF o.ts AS v ON o.item = v.item;
SELECT window_start, item, COUNT(*) AS n, SUM(amount) AS a FROM TABLE(TUMBLE(TABLE rated, DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY window_start, window_end, item;
