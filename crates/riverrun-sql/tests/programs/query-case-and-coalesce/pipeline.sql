-- Case and coalesce.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT order_id, CASE customer WHEN 'acme' THEN 1 WHEN 'birch' THEN 2.5 END AS r, COALESCE(amount, 0) AS a, amount / 3 AS third FROM orders;
