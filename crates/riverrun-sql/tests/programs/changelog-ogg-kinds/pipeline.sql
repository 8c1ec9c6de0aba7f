-- Ogg: I, U, D and truncate.
CREATE TABLE a (id INT, v DECIMAL(5, 1)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'ogg-json');
SELECT * FROM a;
