-- Changes that come twice are told by the primary key and taken once; deletions of unknown rows change nothing.
SET 'table.exec.source.cdc-events-duplicate' = 'true';
CREATE TABLE accounts (
  id INT,
  branch STRING,
  balance INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/accounts.json',
  'format' = 'debezium-json'
);
SELECT branch, COUNT(*) AS n, SUM(balance) AS total FROM accounts GROUP BY branch;
