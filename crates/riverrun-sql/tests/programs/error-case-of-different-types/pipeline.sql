-- CASE of a number and a date.
SELECT CASE WHEN a = 1 THEN 1 ELSE DATE '2024-01-01' END FROM (VALUES (1)) AS t(a);
