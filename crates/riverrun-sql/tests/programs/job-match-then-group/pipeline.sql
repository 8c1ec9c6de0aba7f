-- Rises of the price of an item found by a pattern, counted.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW rises AS SELECT * FROM orders MATCH_RECOGNIZE (PARTITION BY item ORDER BY ts, id MEASURES FIRST(a.price) AS low, LAST(b.price) AS high, COUNT(b.price) AS steps, LAST(b.ts) AS at_time
ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b+ c) DEFINE b AS (LAST(b.price, 1) IS NULL AND b.price > a.price) OR b.price > LAST(b.price, 1), c AS c.price <= LAST(b.price));
SELECT item, COUNT(*) AS n, MAX(high - low) AS most, SUM(steps) AS s FROM rises GROUP BY item;
