-- Casts of nested values element by element.
SELECT CAST(a AS ARRAY<STRING>) AS sa, CAST(a AS ARRAY<DOUBLE>) AS da, CAST(m AS MAP<STRING, STRING>) AS sm, CAST(a AS STRING) AS ta, CAST(m AS STRING) AS tm, CAST(r AS STRING) AS tr, CAST(r AS ROW<x BIGINT, y VARCHAR(1)>) AS rr
FROM (VALUES (ARRAY[1, 2, CAST(NULL AS INT)], MAP['k', 1], ROW(5, 'abc')), (ARRAY[3], MAP['z', CAST(NULL AS INT)], ROW(CAST(NULL AS INT), 'd'))) AS t(a, m, r);
