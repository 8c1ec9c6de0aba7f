-- changelog join then topn
CREATE TABLE orders (id INT, customer STRING, amount INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/orders.json', 'format' = 'json');
CREATE TABLE accounts (id INT, owner STRING, balance INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/accounts.json', 'format' = 'debezium-json');
SELECT owner, id, amount FROM (SELECT a.owner, o.id, o.amount, ROW_NUMBER() OVER (PARTITION BY a.owner ORDER BY o.amount DESC, o.id) AS rn FROM accounts a JOIN orders o ON a.owner = o.customer) WHERE rn = 1;
