-- changelog semi of aggregate
CREATE TABLE accounts (id INT, owner STRING, balance INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/accounts.json', 'format' = 'debezium-json');
SELECT id, owner FROM accounts WHERE owner IN (SELECT owner FROM accounts GROUP BY owner HAVING COUNT(*) > 1);
