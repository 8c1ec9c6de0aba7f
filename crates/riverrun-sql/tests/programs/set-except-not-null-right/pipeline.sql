-- EXCEPT of a column that can be NULL and one that can't.
SELECT m FROM (VALUES (1), (CAST(NULL AS INT))) AS u(m) EXCEPT SELECT n FROM (VALUES (1), (2), (3)) AS t(n);
