-- Conditions.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT customer AS c, quantity q, amount * 2 AS twice, quantity + NULLIF(order_id, 1000) AS x FROM orders WHERE customer LIKE 'a%' OR (amount > 100 AND NOT quantity < 3);
