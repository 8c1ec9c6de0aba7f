CREATE VIEW l (id, a, b) AS SELECT * FROM (VALUES (1, 1, 1), (2, 1, 9), (3, CAST(NULL AS INT), 1), (4, 9, CAST(NULL AS INT)), (5, 9, 9), (6, CAST(NULL AS INT), CAST(NULL AS INT)));
CREATE VIEW r (k, x, y) AS SELECT * FROM (VALUES (1, 1, 1), (2, 2, CAST(NULL AS INT)), (3, 3, 3), (4, 2, 2), (5, CAST(NULL AS INT), 9));
SELECT id, (a, b) IN (SELECT x, y FROM r WHERE k = id), (a, b) NOT IN (SELECT x, y FROM r WHERE k = id) FROM l;
