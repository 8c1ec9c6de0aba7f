-- Changes that come twice can't be told without a primary key.
SET 'table.exec.source.cdc-events-duplicate' = 'true';
CREATE TABLE accounts (
  id INT,
  branch STRING,
  balance INT
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/accounts.json',
  'format' = 'debezium-json'
);
SELECT * FROM accounts;
