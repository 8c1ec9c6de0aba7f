-- CUBE next to ROLLUP gives the cross product of their sets.
SELECT a, b, c, SUM(n) AS s FROM (VALUES (1, 'x', TRUE, 10), (1, 'y', FALSE, 20), (2, 'x', TRUE, 30)) AS t(a, b, c, n) GROUP BY CUBE(a, b), ROLLUP(c);
