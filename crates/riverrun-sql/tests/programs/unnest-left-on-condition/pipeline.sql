-- LEFT JOIN UNNEST on a condition over the element.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT id, tag FROM nested LEFT JOIN UNNEST(tags) AS t(tag) ON tag = 't2';
