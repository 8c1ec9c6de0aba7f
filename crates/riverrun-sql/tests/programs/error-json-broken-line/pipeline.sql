-- A broken line fails the job.
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT * FROM a;
