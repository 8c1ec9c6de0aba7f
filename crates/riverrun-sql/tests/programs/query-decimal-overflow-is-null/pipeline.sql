-- Products and sums beyond 38 digits.
SELECT a * a AS sq, a + a AS dbl, a * 10 AS ten FROM (VALUES (CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))), (CAST('1' AS DECIMAL(38, 0))), (CAST(NULL AS DECIMAL(38, 0)))) AS t(a);
