-- join on nested field
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE baskets (id INT, items ARRAY<ROW<sku STRING, n INT>>, tags MAP<STRING, INT>)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/baskets.json', 'format' = 'json');
SELECT b.id, o.amount FROM baskets b JOIN orders o ON b.items[1].n = o.id;
