-- A column list that is too short.
SELECT * FROM (VALUES (1, 2)) AS t(a);
