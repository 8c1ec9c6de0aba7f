-- Broken events are passed over on request.
CREATE TABLE accounts (
  id INT,
  branch STRING,
  balance INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/accounts.json',
  'format' = 'debezium-json',
  'debezium-json.ignore-parse-errors' = 'true'
);
SELECT * FROM accounts;
