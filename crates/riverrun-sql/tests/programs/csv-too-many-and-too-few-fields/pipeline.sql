-- Short and long lines under ignore-parse-errors.
CREATE TABLE a (id INT, s STRING, n INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');
SELECT * FROM a;
