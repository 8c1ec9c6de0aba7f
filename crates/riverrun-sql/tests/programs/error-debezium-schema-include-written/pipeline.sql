-- debezium-json is not written with a schema.
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
CREATE TABLE branches (branch STRING, n BIGINT) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/branches',
  'format' = 'debezium-json',
  'debezium-json.schema-include' = 'true'
);
INSERT INTO branches SELECT branch, COUNT(*) FROM accounts GROUP BY branch;
SELECT * FROM branches;
