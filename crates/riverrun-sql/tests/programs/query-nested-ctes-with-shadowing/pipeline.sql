-- An inner WITH hides an outer name.
WITH a AS (SELECT 1 AS x UNION ALL SELECT 2 AS x), b AS (SELECT x * 10 AS x FROM a)
SELECT x, src FROM (
  WITH a AS (SELECT x + 1 AS x FROM b) SELECT x, 'inner' AS src FROM a
  UNION ALL SELECT x, 'outer' AS src FROM b);
