-- COALESCE and CASE with NULL branches, typed by the others.
SELECT COALESCE(NULL, a, 0) AS x, CASE WHEN a > 1 THEN NULL WHEN a = 1 THEN 1.5 END AS y, NULLIF(a, 1) AS z, IFNULL(NULL, 'd') AS w FROM (VALUES (1), (2), (CAST(NULL AS INT))) AS t(a);
