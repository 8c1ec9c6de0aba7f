-- UNION ALL of CHAR and VARCHAR of several lengths, and of nullable with not nullable.
SELECT 'abc' AS s, 1 AS n UNION ALL SELECT CAST('defgh' AS VARCHAR(20)), CAST(NULL AS INT) UNION ALL SELECT CAST('x' AS CHAR(2)), 3;
