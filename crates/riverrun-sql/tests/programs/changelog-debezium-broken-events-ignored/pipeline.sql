-- Debezium's unwrapped tombstones and unknown ops under ignore-parse-errors.
CREATE TABLE a (id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'debezium-json', 'debezium-json.ignore-parse-errors' = 'true');
SELECT * FROM a;
