-- Fields of rows, maps and arrays taken apart and put together.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW parts AS SELECT id, attrs['c'] AS color, CARDINALITY(tags) AS n, tags[1] AS first_tag, `lines`[1].sku AS sku, `lines`[2].n AS n2, ROW(item, qty) AS both_of, MAP['i', item] AS m FROM orders;
SELECT color, first_tag, sku, COUNT(*) AS c, SUM(n) AS s, COUNT(n2) AS n2s, MAX(m['i']) AS i FROM parts GROUP BY color, first_tag, sku;
