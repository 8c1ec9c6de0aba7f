-- The most frequent words of lines of text.
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/lines.txt', 'format' = 'raw');
SELECT word, COUNT(*) AS n FROM lines CROSS JOIN UNNEST(SPLIT(REGEXP_REPLACE(LOWER(line), '[^a-z ]', ''), ' ')) AS t(word) WHERE word <> '' GROUP BY word HAVING COUNT(*) > 1;
