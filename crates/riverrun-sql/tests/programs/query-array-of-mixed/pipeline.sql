-- Arrays and maps of values of different types.
SELECT ARRAY[1, 2.5, CAST(3 AS BIGINT)] AS a, ARRAY['a', 'bcd'] AS b, MAP['x', 1, 'yy', 2.5] AS m, ARRAY[ARRAY[1], ARRAY[2, 3]] AS n, ROW(1, NULL, 'x') AS r;
