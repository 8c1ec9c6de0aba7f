-- Cast varchar without length.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT CAST(order_id AS VARCHAR) AS v, CAST(amount AS DOUBLE) AS d, CAST(quantity AS VARCHAR(2)) AS w FROM orders WHERE order_id < 1005;
