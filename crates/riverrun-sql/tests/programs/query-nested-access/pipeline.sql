-- Fields of fields, elements of arrays of rows.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT id, r.a, r.c.x AS x, r.c.y[2] AS y2, arr[1].n AS n1, arr[CARDINALITY(arr)].q AS ql, r.c IS NULL AS cn, nested.r.b AS b FROM nested;
