-- The raw format with a charset, and of numbers.
CREATE TABLE a (line STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.txt', 'format' = 'raw');
SELECT '[' || line || ']' AS l, CHAR_LENGTH(line) AS n FROM a;
