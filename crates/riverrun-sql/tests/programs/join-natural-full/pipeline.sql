-- NATURAL FULL JOIN.
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS x(i, s) NATURAL FULL JOIN (VALUES (2, 'c'), (3, 'd')) AS y(i, t);
