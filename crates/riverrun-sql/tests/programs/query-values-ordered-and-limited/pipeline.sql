-- VALUES as a query of its own.
SELECT * FROM (VALUES (3, 'c'), (1, 'a'), (2, CAST(NULL AS STRING))) AS t(n, s) ORDER BY n DESC LIMIT 2;
