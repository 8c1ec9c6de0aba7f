-- Alias in where.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT order_id AS x FROM orders WHERE x > 3;
