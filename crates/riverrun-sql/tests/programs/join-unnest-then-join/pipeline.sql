-- join unnest then join
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE baskets (id INT, items ARRAY<ROW<sku STRING, n INT>>, tags MAP<STRING, INT>)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/baskets.json', 'format' = 'json');
SELECT b.id, i.sku, o.amount FROM baskets b CROSS JOIN UNNEST(b.items) AS i (sku, n) JOIN orders o ON o.id = b.id;
