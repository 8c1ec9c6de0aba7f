-- Canal: several rows in one event, deletes, DDL passed over.
CREATE TABLE a (id INT, d DATE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'canal-json');
SELECT * FROM a;
