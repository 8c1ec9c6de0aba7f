-- Lines ended by CR LF.
CREATE TABLE a (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv');
SELECT id, s, CHAR_LENGTH(s) AS n FROM a;
