-- The fields of a row of an aliased table, among others.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT n.r.*, n.id, n.r.c.* FROM nested AS n;
