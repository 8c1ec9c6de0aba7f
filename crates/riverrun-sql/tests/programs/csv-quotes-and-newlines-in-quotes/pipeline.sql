-- Quotes within quotes, delimiters within quotes, spaces around.
CREATE TABLE a (id INT, s STRING, t STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv');
SELECT id, '[' || s || ']' AS s, '[' || t || ']' AS t FROM a;
