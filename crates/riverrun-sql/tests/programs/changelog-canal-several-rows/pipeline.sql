-- canal-json: several rows in one event; CREATE is passed over; numbers as strings.
CREATE TABLE accounts (
  id INT,
  branch STRING,
  balance INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/accounts.json',
  'format' = 'canal-json'
);
SELECT * FROM accounts;
