-- Keys of different types: INT with BIGINT, DECIMAL and DOUBLE.
SELECT x.i, y.b, z.d FROM (VALUES (1), (2), (3)) AS x(i) JOIN (VALUES (CAST(1 AS BIGINT)), (CAST(3 AS BIGINT))) AS y(b) ON x.i = y.b JOIN (VALUES (1.00), (3.5)) AS z(d) ON x.i = z.d;
