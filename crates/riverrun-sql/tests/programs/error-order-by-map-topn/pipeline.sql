-- ROW_NUMBER ordered by a map.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY m) AS rn FROM nested) WHERE rn <= 1;
