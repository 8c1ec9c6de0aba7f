-- UNION of a number with a date.
SELECT 1 AS a UNION ALL SELECT DATE '2024-01-01';
