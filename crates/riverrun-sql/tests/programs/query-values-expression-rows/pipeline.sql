-- Expressions as rows of VALUES.
SELECT * FROM (VALUES 1 + 1, ABS(-3), CASE WHEN TRUE THEN 4 END) AS t(x);
