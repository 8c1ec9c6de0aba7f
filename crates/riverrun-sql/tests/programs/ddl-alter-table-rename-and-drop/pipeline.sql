-- ALTER TABLE renames, drops and modifies columns.
CREATE TABLE a (id INT, v INT, w STRING, z STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
ALTER TABLE a RENAME v TO vv;
ALTER TABLE a DROP z;
ALTER TABLE a MODIFY vv BIGINT;
ALTER TABLE a RENAME TO b;
SELECT * FROM b;
