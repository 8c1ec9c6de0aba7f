-- ROW values constructed, named by a cast, and taken apart again.
SELECT x.a AS a, x.b.c AS c, x FROM (SELECT CAST(ROW(i, ROW(s, i * 2)) AS ROW<a INT, b ROW<c STRING, d INT>>) AS x FROM (VALUES (1, 'p'), (2, CAST(NULL AS STRING))) AS t(i, s));
