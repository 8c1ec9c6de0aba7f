-- Files whose names begin with an underscore or a dot are passed over.
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
CREATE TABLE o (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o SELECT id FROM a;
INSERT INTO o SELECT id + 1 FROM a;
SELECT id FROM o;
