-- USING of a RIGHT JOIN.
SELECT * FROM (VALUES (CAST(1 AS INT), 'a'), (CAST(NULL AS INT), 'b')) AS x(i, s) RIGHT JOIN (VALUES (1, 'c'), (2, 'd')) AS y(i, t) USING (i);
