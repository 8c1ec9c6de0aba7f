-- COALESCE of a row and a number.
SELECT COALESCE(a, ROW(1, 2)) FROM (VALUES (1)) AS t(a);
