-- Cte of cte.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
WITH a AS (SELECT order_id, amount FROM orders WHERE quantity > 5), b AS (SELECT order_id, amount FROM a WHERE amount > 100) SELECT * FROM b UNION ALL SELECT order_id + 1, amount FROM a;
