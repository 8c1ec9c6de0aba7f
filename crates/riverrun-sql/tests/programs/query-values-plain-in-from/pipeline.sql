-- VALUES without parentheses in FROM.
SELECT x + 1 AS y FROM (VALUES 5, 6) AS t(x);
