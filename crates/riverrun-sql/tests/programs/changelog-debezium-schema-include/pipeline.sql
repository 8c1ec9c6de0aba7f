-- Events with their schema.
CREATE TABLE accounts (
  id INT,
  branch STRING,
  balance INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/accounts.json',
  'format' = 'debezium-json',
  'debezium-json.schema-include' = 'true'
);
SELECT * FROM accounts;
