-- ogg-json: I, U and D events.
CREATE TABLE accounts (
  id INT,
  branch STRING,
  balance INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/accounts.json',
  'format' = 'ogg-json'
);
SELECT * FROM accounts;
