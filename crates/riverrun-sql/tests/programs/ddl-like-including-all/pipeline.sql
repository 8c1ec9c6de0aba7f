-- Like including all.
CREATE TABLE base (order_id INT, customer STRING, ordered_at TIMESTAMP(3), p AS order_id + 1) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE orders (quantity INT, WATERMARK FOR ordered_at AS ordered_at) LIKE base (INCLUDING ALL);
SELECT * FROM orders WHERE p > 1030;
