-- Columns of VALUES without names.
SELECT * FROM (VALUES (1, 'x'));
