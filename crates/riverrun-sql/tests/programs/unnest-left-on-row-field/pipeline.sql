-- LEFT JOIN UNNEST of rows on a condition over their fields.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT id, n, q FROM nested LEFT JOIN UNNEST(arr) AS u(n, q) ON q > 4 AND n IS NOT NULL;
