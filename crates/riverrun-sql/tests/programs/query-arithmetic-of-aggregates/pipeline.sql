-- Arithmetic of aggregates.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT MAX(order_id) - MIN(order_id) AS d, COUNT(*) * 1.0 / COUNT(DISTINCT customer) AS r FROM orders WHERE quantity > 2;
