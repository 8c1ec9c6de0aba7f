-- The same, row by row.
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
SELECT * FROM accounts;
