-- ALTER TABLE adds a column and sets an option.
CREATE TABLE a (id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nowhere.json', 'format' = 'json');
ALTER TABLE a SET ('path' = '${DIR}/a.json');
ALTER TABLE a ADD (w STRING, s AS id + v);
SELECT * FROM a;
