-- Functions of arrays and maps over columns with NULLs.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
SELECT id, CARDINALITY(tags) AS n, tags[1] AS first_tag, ARRAY_CONTAINS(tags, 't2') AS has, ARRAY_DISTINCT(tags) AS dis, ARRAY_JOIN(tags, '+', '?') AS j, ARRAY_POSITION(tags, 't2') AS pos, ARRAY_REMOVE(tags, 't2') AS rem, ARRAY_CONCAT(tags, ARRAY['z']) AS con, ARRAY_SLICE(tags, 1, 2) AS sl, MAP_KEYS(m) AS mk, MAP_VALUES(m) AS mv, m['one'] AS one, CARDINALITY(m) AS mc FROM nested;
