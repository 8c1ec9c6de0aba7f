-- changelog not exists
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE accounts (id INT, owner STRING, balance INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/accounts.json', 'format' = 'debezium-json');
SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.owner = o.customer AND a.balance > 10);
