-- The attributes of orders as rows, those without any kept.
CREATE TABLE orders (id INT, user_id INT, item STRING, qty INT, price DECIMAL(10, 2), ts TIMESTAMP(3), tags ARRAY<STRING>, attrs MAP<STRING, STRING>, `lines` ARRAY<ROW<sku STRING, n INT>>,
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT COALESCE(k, '-') AS k, COALESCE(v, '-') AS v, COUNT(*) AS n, COUNT(t) AS tagged FROM orders LEFT JOIN UNNEST(attrs) AS a (k, v) ON TRUE LEFT JOIN UNNEST(tags) AS g (t) ON t <> 'a' GROUP BY k, v;
