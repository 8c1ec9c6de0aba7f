-- Ways to write numbers and texts.
SELECT .5 AS a, 5. AS b, 1e3 AS c, 1.50 AS d, 12345678901 AS e, -7 AS f, U&'\00e9t\00e9' AS g, _UTF8'abc' AS h, 'it''s' AS i, X'' AS j, TRUE AS k, DATE '2024-01-01' AS l, TIME '10:00:00.123' AS m, TIMESTAMP '2024-01-01 00:00:00.123456' AS n;
