-- changelog left join of two
CREATE TABLE accounts (id INT, owner STRING, balance INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/accounts.json', 'format' = 'debezium-json');
SELECT a.id, a.owner, b.owner AS other FROM accounts a LEFT JOIN accounts b ON a.balance = b.balance AND a.id <> b.id;
