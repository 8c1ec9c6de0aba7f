-- IN of rows in columns and of rows made by ROW.
CREATE TABLE rc (id INT, r ROW<a INT, b STRING>, s ROW<a INT, b STRING>) WITH ('connector'='filesystem','path'='${DIR}/rc.json','format'='json');
SELECT id, (r.a, r.b) IN ((s.a, s.b), (1, CAST(NULL AS STRING))) AS c1, r IN (s) AS c2, r NOT IN (s, ROW(1, 'x')) AS c3, (r.a, r.b) NOT IN ((s.a, s.b)) AS c4, r IN (ROW(s.a, s.b), ROW(9, 'x')) AS c5 FROM rc;
