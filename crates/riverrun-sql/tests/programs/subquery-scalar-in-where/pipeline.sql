-- subquery scalar in where
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT id FROM orders WHERE amount > (SELECT AVG(amount) FROM orders);
