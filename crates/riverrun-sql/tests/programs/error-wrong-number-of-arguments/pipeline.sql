-- Too many arguments.
SELECT UPPER(a, a) FROM (VALUES ('x')) AS t(a);
