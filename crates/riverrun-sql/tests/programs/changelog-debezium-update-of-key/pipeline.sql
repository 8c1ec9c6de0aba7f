-- An update that changes the primary key's value.
CREATE TABLE a (id INT, v INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'debezium-json');
SELECT * FROM a;
