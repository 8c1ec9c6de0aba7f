-- Maxwell: insert, update with old columns, delete; other types.
CREATE TABLE a (id INT, name STRING, w DOUBLE, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'maxwell-json');
SELECT * FROM a;
