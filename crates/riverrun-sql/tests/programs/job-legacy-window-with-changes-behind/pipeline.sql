-- Legacy windows, and their sum by hour joined with a changelog.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE stock (item STRING, left_n INT, PRIMARY KEY (item) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/stock.json', 'format' = 'canal-json');
CREATE VIEW w AS SELECT item, TUMBLE_START(ts, INTERVAL '10' MINUTE) AS s, TUMBLE_ROWTIME(ts, INTERVAL '10' MINUTE) AS rt, SUM(qty) AS q FROM orders GROUP BY item, TUMBLE(ts, INTERVAL '10' MINUTE);
CREATE VIEW h AS SELECT item, HOP_END(rt, INTERVAL '10' MINUTE, INTERVAL '20' MINUTE) AS e, SUM(q) AS q FROM w GROUP BY item, HOP(rt, INTERVAL '10' MINUTE, INTERVAL '20' MINUTE);
SELECT h.item, COUNT(*) AS n, SUM(h.q) AS q, MAX(s.left_n) AS l FROM h LEFT JOIN stock AS s ON h.item = s.item GROUP BY h.item;
