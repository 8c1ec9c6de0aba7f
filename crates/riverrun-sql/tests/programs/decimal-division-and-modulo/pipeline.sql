-- Division and remainder of decimals.
SELECT 10.00 / 3 AS a, 1 / 3.0 AS b, MOD(10.5, 3) AS c, CAST(7 AS DECIMAL(5, 2)) / CAST(2 AS DECIMAL(3, 1)) AS d, -7 % 3 AS e, MOD(-7.5, 2) AS f;
