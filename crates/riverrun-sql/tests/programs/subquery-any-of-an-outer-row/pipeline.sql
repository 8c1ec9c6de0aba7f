CREATE TABLE orders (
  o_id INT, cust STRING, prod STRING, qty INT, price DECIMAL(8, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE custs (cust STRING, name STRING, city STRING, lvl INT)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/custs.json', 'format' = 'json');
SELECT o_id FROM orders o WHERE qty > ANY (SELECT lvl FROM custs c WHERE c.cust = o.cust);
