-- A short line fails the job.
CREATE TABLE a (id INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv');
SELECT * FROM a;
