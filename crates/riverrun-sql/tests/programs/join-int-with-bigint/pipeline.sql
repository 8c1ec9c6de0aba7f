-- join int with bigint
CREATE TABLE orders (id INT, customer STRING, amount INT, price DECIMAL(8, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE customers (id BIGINT, customer STRING, country STRING, credit DECIMAL(10, 3))
WITH ('connector' = 'filesystem', 'path' = '${DIR}/customers.json', 'format' = 'json');
SELECT o.id, c.country FROM orders o JOIN customers c ON o.id = c.id;
