-- BINARY pads with zero bytes and cuts.
SELECT CAST(x AS BINARY(2)) AS b2, CAST(x AS BINARY(5)) AS b5, CAST(x AS VARBINARY(2)) AS v2, CAST(s AS BYTES) AS sb, CAST(s AS BINARY(3)) AS s3, CAST(CAST(x AS VARBINARY(2)) AS STRING) AS t
FROM (VALUES (X'010203', 'hey'), (X'FF', 'ö')) AS t(x, s);
