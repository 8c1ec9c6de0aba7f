CREATE TABLE orders (
  o_id INT, cust STRING, prod STRING, qty INT, price DECIMAL(8, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE rates (
  cur STRING, rate DECIMAL(6, 3), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND, PRIMARY KEY (cur) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'debezium-json');
SELECT o_id, rate FROM (SELECT o_id, prod AS cur, ts FROM orders WHERE prod <> 'pen') o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.ts USING (cur);
