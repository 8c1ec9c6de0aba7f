-- Nested fields.
SELECT t.a.x, t.a.y.z FROM (SELECT CAST(ROW(1, ROW('q')) AS ROW<x INT, y ROW<z STRING>>) AS a) AS t;
