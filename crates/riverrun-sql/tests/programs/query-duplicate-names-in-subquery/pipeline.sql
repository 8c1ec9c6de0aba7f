-- A subquery that gives two columns of one name, of which another is used.
SELECT c FROM (SELECT a.x, b.x, a.x + b.x AS c FROM (VALUES (1)) AS a(x) JOIN (VALUES (1)) AS b(x) ON a.x = b.x);
