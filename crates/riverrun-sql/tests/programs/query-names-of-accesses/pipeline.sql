-- How columns are called that are fields of elements, of calls and of casts.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT r.a, arr[1].n, m['one'], tags[1], r.c.x, arr[1], ROW(1, 2).EXPR$0, CAST(ROW(1) AS ROW<f INT>).f FROM nested WHERE id = 1;
