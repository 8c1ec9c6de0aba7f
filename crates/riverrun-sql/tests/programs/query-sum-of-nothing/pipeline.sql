-- Sum of nothing.
SELECT SUM(x) AS s FROM (VALUES (1), (2)) AS t(x) WHERE x > 5;
