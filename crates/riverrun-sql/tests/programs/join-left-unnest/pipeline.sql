-- join left unnest
CREATE TABLE baskets (id INT, items ARRAY<ROW<sku STRING, n INT>>, tags MAP<STRING, INT>)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/baskets.json', 'format' = 'json');
SELECT b.id, i.sku FROM baskets b LEFT JOIN UNNEST(b.items) AS i (sku, n) ON TRUE;
