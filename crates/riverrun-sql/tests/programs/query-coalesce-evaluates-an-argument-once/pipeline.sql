-- A value that is not NULL is the result: it is not computed again.
SELECT COUNT(*) AS n FROM (
  SELECT CHAR_LENGTH(CAST(COALESCE(IF(RAND() < 0.5, CAST(NULL AS INT), 1), 2) AS STRING)) AS l
  FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15), (16), (17), (18)) AS t (y)
) WHERE l = 1;
