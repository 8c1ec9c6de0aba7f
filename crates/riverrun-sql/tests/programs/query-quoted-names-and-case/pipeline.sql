-- Names with spaces, dots and both cases.
SELECT `A b`, `a B`, `x.y`, t.`A b` AS `select` FROM (VALUES (1, 2, 3)) AS t(`A b`, `a B`, `x.y`);
