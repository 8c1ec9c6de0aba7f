-- IS DISTINCT FROM and = over arrays and rows.
SELECT a = b AS e, a IS DISTINCT FROM b AS d, r = s AS re FROM (VALUES (ARRAY[1, 2], ARRAY[1, 2], ROW(1, 'x'), ROW(1, 'x')), (ARRAY[1], ARRAY[1, 2], ROW(1, 'x'), ROW(1, 'y')), (CAST(NULL AS ARRAY<INT>), ARRAY[1], ROW(2, 'x'), ROW(1, 'x'))) AS t(a, b, r, s);
