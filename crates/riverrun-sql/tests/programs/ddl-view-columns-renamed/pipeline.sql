-- View columns renamed.
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE VIEW v (a, b) AS SELECT order_id, amount FROM orders;
CREATE TEMPORARY VIEW w AS SELECT a + 1 AS c FROM v WHERE b > 200;
SELECT w.c FROM w;
