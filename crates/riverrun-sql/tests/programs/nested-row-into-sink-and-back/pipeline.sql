-- Rows in rows written with wider types and read back.
CREATE TABLE nested (
  id INT, r ROW<a INT, b STRING, c ROW<x DOUBLE, y ARRAY<INT>>>,
  arr ARRAY<ROW<n STRING, q INT>>, m MAP<STRING, INT>, tags ARRAY<STRING>
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/nested.json', 'format' = 'json');
CREATE TABLE o (id BIGINT, r ROW<a BIGINT, b STRING, c ROW<x DOUBLE, y ARRAY<BIGINT>>>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO o SELECT id, r FROM nested;
SELECT * FROM o;
