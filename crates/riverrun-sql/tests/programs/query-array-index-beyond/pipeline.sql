-- An index behind the last element, over a column.
SELECT a[3] AS x, a[i] AS y FROM (VALUES (ARRAY[1, 2], 1), (ARRAY[CAST(NULL AS INT)], 5)) AS t(a, i);
