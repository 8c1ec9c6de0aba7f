-- Two changelogs side by side, each row that has none on the other side too.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE stock (item STRING, left_n INT, PRIMARY KEY (item) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/stock.json', 'format' = 'canal-json');
CREATE VIEW demand AS SELECT item, SUM(qty) AS wanted FROM orders GROUP BY item;
SELECT COALESCE(d.item, s.item) AS item, d.wanted, s.left_n, s.left_n - d.wanted AS rest FROM demand AS d FULL JOIN stock AS s ON d.item = s.item;
