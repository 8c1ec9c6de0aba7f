-- Two VALUES joined.
SELECT a.x, b.y FROM (VALUES 1, 2, 3) AS a(x) JOIN (VALUES (2, 'b'), (3, 'c')) AS b(x, y) ON a.x = b.x;
