CREATE VIEW l (id, a, b) AS SELECT * FROM (VALUES (1, 1, 1), (2, 1, 9), (3, CAST(NULL AS INT), 1), (4, 9, CAST(NULL AS INT)), (5, 9, 9));
CREATE VIEW r (x, y) AS SELECT * FROM (VALUES (1, 1), (2, CAST(NULL AS INT)), (3, 3));
SELECT id, (a, b) IN (SELECT x, y FROM r), (a, b) NOT IN (SELECT x, y FROM r),
  (a, b) IN (SELECT x, y FROM r WHERE y IS NOT NULL), (a, b) NOT IN (SELECT x, y FROM r WHERE y IS NOT NULL),
  (a, b) IN (SELECT x, y FROM r WHERE x > 100), (a, b) NOT IN (SELECT x, y FROM r WHERE x > 100) FROM l;
