-- changelog scalar subquery
CREATE TABLE accounts (id INT, owner STRING, balance INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/accounts.json', 'format' = 'debezium-json');
SELECT id, balance, (SELECT SUM(balance) FROM accounts) AS total FROM accounts;
