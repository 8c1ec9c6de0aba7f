-- Rows that a subquery makes are values.
CREATE TABLE rc (id INT, r ROW<a INT, b STRING>, s ROW<a INT, b STRING>) WITH ('connector'='filesystem','path'='${DIR}/rc.json','format'='json');
SELECT id, x = y AS c1, x <> y AS c2 FROM (SELECT id, ROW(r.a, r.b) AS x, ROW(s.a, s.b) AS y FROM rc);
