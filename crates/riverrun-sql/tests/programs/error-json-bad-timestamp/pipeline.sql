-- A timestamp of the wrong standard.
CREATE TABLE a (ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT * FROM a;
