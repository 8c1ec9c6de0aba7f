-- Deviations of one row, of equal rows, of nothing but NULL.
SELECT g, STDDEV_POP(x) AS sp, STDDEV_SAMP(x) AS ss, VAR_POP(x) AS vp, VAR_SAMP(x) AS vs, STDDEV(x) AS s, VARIANCE(x) AS v FROM (VALUES (1, CAST(5 AS DOUBLE)), (2, CAST(3 AS DOUBLE)), (2, CAST(3 AS DOUBLE)), (3, CAST(NULL AS DOUBLE)), (4, CAST(1 AS DOUBLE)), (4, CAST(2 AS DOUBLE)), (4, CAST(4 AS DOUBLE))) AS t(g, x) GROUP BY g;
