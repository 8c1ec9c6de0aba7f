-- CHAR and VARCHAR of several lengths.
SELECT 'a' = 'a ' AS a, CAST('ab' AS CHAR(4)) || 'c' AS b, CHAR_LENGTH(CAST('ab' AS CHAR(4))) AS c, CAST('abc' AS VARCHAR(2)) AS d FROM (VALUES 1) AS t(x);
