-- Broken lines are left out, broken values are NULL.
CREATE TABLE a (id INT, v INT, d DATE) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json', 'json.ignore-parse-errors' = 'true');
SELECT * FROM a;
