-- Grouped by a row's field, an array's element, a map's value.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT r.b AS b, tags[1] AS t1, m['one'] AS o, COUNT(*) AS n FROM nested GROUP BY r.b, tags[1], m['one'];
