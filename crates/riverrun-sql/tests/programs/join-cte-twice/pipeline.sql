-- join cte twice
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
WITH t AS (SELECT customer, SUM(amount) AS s FROM orders GROUP BY customer) SELECT a.customer, b.s FROM t a JOIN t b ON a.s = b.s AND a.customer < b.customer;
