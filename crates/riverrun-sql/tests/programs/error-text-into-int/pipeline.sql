-- Text into int.
CREATE TABLE s (a INT, b STRING, c DECIMAL(10, 2), d TIMESTAMP(3), e BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
CREATE TABLE orders (
  order_id INT, customer STRING, product STRING, quantity INT, amount DECIMAL(10, 2), ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
INSERT INTO s SELECT customer, customer, amount, ordered_at, quantity FROM orders;
