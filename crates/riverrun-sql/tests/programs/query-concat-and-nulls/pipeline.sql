-- NULL in concatenations.
SELECT a || b AS c1, CONCAT(a, b, 'z') AS c2, CONCAT_WS('-', a, b, 'z') AS c3, CONCAT_WS(CAST(NULL AS STRING), a) AS c4, a || '' AS c5 FROM (VALUES ('x', 'y'), ('x', CAST(NULL AS STRING)), (CAST(NULL AS STRING), CAST(NULL AS STRING)), ('', '')) AS t(a, b);
