-- || of VARCHAR lengths; CHAR padding.
SELECT CAST('ab' AS CHAR(4)) || '|' AS a, CAST('ab' AS VARCHAR(3)) || CAST('c' AS CHAR(1)) AS b, CAST(1 AS STRING) || 'x' AS c;
