-- Numbers as BOOLEAN and BOOLEAN as numbers.
SELECT i, CAST(i AS BOOLEAN) AS b, CAST(CAST(i AS BOOLEAN) AS INT) AS bi, CAST(i > 0 AS DECIMAL(3, 1)) AS bd, CAST(i > 0 AS DOUBLE) AS bf, CAST(i > 0 AS STRING) AS bs FROM (VALUES (0), (1), (-3), (CAST(NULL AS INT))) AS t(i);
