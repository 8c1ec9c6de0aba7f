-- USING of a LEFT JOIN.
SELECT * FROM (VALUES (CAST(1 AS INT), 'a'), (CAST(NULL AS INT), 'b')) AS x(i, s) LEFT JOIN (VALUES (1, 'c')) AS y(i, t) USING (i);
