-- Two UNNESTs multiply.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT id, t, mk, mv FROM nested CROSS JOIN UNNEST(tags) AS a(t) CROSS JOIN UNNEST(m) AS b(mk, mv);
