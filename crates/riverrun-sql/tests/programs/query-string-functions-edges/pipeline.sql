-- Positions beyond the ends, empty texts, NULLs.
SELECT s, CHAR_LENGTH(s) AS n, SUBSTRING(s, -2) AS s1, SUBSTRING(s, 2, 0) AS s2, SUBSTRING(s FROM 3 FOR 100) AS s3, LEFT(s, 2) AS l, RIGHT(s, 2) AS r, LEFT(s, -1) AS ln, LPAD(s, 5, 'xy') AS lp, RPAD(s, 2, 'z') AS rp, REPEAT(s, 2) AS rep, REVERSE(s) AS rev,
  POSITION('b' IN s) AS p, LOCATE('b', s, 3) AS lo, INSTR(s, 'b') AS ins, INITCAP(s) AS ic, OVERLAY(s PLACING '_' FROM 2 FOR 1) AS ov, SPLIT_INDEX(s, 'b', 1) AS si, TRIM(BOTH 'a' FROM s) AS tr, LTRIM(s) AS lt, ASCII(s) AS asc1, CHR(CHAR_LENGTH(s) + 64) AS ch
FROM (VALUES ('abcab'), (''), (' ab '), ('ÄÖ😀b'), (CAST(NULL AS STRING))) AS t(s);
