-- Types of decimals times, by and modulo other numbers.
SELECT CAST(1.5 AS DECIMAL(3, 1)) * 2 AS a, CAST(1.5 AS DECIMAL(3, 1)) * CAST(2 AS BIGINT) AS b, CAST(1 AS DECIMAL(20, 10)) / CAST(3 AS DECIMAL(20, 10)) AS c, CAST(1 AS DECIMAL(38, 20)) * CAST(3 AS DECIMAL(38, 20)) AS d, CAST(5 AS DECIMAL(10, 0)) % 3 AS e;
