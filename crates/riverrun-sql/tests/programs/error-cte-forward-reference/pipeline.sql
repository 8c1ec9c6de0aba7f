-- A WITH query that reads a later one.
WITH b AS (SELECT * FROM a), a AS (SELECT 1 AS x) SELECT * FROM b;
