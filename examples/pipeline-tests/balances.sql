-- Balances per branch, from the changes of a table of accounts, into a topic of totals.
CREATE TABLE accounts (
  id INT, branch STRING, balance DECIMAL(10, 2),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'kafka', 'topic' = 'bank.accounts', 'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'debezium-json', 'scan.startup.mode' = 'earliest-offset'
);
CREATE TABLE totals (
  branch STRING, accounts BIGINT, balance DECIMAL(38, 2),
  PRIMARY KEY (branch) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka', 'topic' = 'bank.totals', 'properties.bootstrap.servers' = 'kafka:9092',
  'key.format' = 'json', 'value.format' = 'json'
);
INSERT INTO totals SELECT branch, COUNT(*), SUM(balance) FROM accounts GROUP BY branch;
