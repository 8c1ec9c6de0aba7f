-- The square root of -0.0.
SELECT SQRT(CAST(-0.0 AS DOUBLE)) AS a, SQRT(CAST('-0.0' AS DOUBLE)) AS b, POWER(CAST('-0.0' AS DOUBLE), 0.5) AS c;
