CREATE TABLE orders (
  o_id INT, cust STRING, prod STRING, qty INT, price DECIMAL(8, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
SELECT o_id FROM orders o WHERE qty >= ALL (SELECT x.qty FROM orders x WHERE x.cust = o.cust AND x.qty IS NOT NULL);
