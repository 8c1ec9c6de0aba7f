-- With csv.allow-comments a comment may begin behind spaces, not behind a tab; and empty lines are passed over.
CREATE TABLE t (a STRING, b STRING)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv', 'csv.allow-comments' = 'true');
SELECT a, REPLACE(b, CHR(10), '~') AS b, CHAR_LENGTH(a) AS n FROM t;
