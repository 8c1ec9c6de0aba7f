-- Two JSON options that exclude one another.
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json', 'json.fail-on-missing-field' = 'true', 'json.ignore-parse-errors' = 'true');
SELECT * FROM a;
