-- VALUES with and without parentheses, and ROW.
SELECT * FROM (VALUES 5, ROW(6), (7)) AS t(x);
