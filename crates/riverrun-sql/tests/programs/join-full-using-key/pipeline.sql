-- The common column of a FULL JOIN USING.
SELECT i, s, t FROM (VALUES (1, 'a'), (2, 'b')) AS x(i, s) FULL JOIN (VALUES (2, 'c'), (3, 'd')) AS y(i, t) USING (i);
