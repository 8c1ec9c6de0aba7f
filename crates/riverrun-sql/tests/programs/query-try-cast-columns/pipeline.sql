-- TRY_CAST gives NULL where CAST would fail.
SELECT s, TRY_CAST(s AS INT) AS i, TRY_CAST(s AS DATE) AS d, TRY_CAST(s AS TIMESTAMP(3)) AS ts, TRY_CAST(s AS BOOLEAN) AS b, TRY_CAST(s AS DOUBLE) AS f, TRY_CAST(s AS TIME) AS tm
FROM (VALUES ('1'), ('2024-01-02'), ('true'), ('x'), ('2024-01-02 03:04:05'), (' 7 '), ('T'), ('1e3'), ('12:30'), ('Infinity'), ('2024-1-2'), ('2024-01-02T03:04:05')) AS t(s);
