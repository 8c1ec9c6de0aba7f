-- Computed columns.
CREATE TABLE orders (
  order_id INT, customer STRING, total AS amount * 1.1, amount DECIMAL(10, 2), day_of AS DATE_FORMAT(ordered_at, 'yyyy-MM-dd'), ordered_at TIMESTAMP(3),
  v VARCHAR,
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT * FROM orders;
