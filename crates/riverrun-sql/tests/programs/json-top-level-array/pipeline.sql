-- A line that holds an array of objects gives several rows.
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT * FROM a;
