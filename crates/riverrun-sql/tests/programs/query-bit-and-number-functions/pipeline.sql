-- Number functions over columns.
SELECT i, MOD(i, 3) AS m, ABS(i) AS a, SIGN(i) AS s, ROUND(x, 1) AS r1, ROUND(x, -1) AS rm, TRUNCATE(x, 1) AS t1, FLOOR(x) AS f, CEIL(x) AS c, EXP(0 * x) AS e, POWER(i, 2) AS p, DEGREES(x) AS dg, i % 4 AS md, CONV(CAST(i AS STRING), 10, 16) AS cv FROM (VALUES (7, 12.345), (-7, -12.355), (0, 0.05)) AS t(i, x);
