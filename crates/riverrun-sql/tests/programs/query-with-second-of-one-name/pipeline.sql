-- Of two common table expressions of one name the last one holds.
WITH a AS (SELECT 1 AS x), a AS (SELECT 2 AS x) SELECT x FROM a;
