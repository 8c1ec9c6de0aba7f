-- The last order of each user in each window, numbered.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' MINUTE));
CREATE VIEW last_ones AS SELECT user_id, id, item, window_start, window_time FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, user_id ORDER BY ts DESC) AS rn FROM w) WHERE rn <= 1;
SELECT user_id, window_start, COUNT(*) OVER (PARTITION BY user_id ORDER BY window_time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS c FROM last_ones;
