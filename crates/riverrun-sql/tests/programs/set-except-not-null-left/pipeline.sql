-- EXCEPT of a column that can't be NULL and one that can.
SELECT n FROM (VALUES (1), (2), (3)) AS t(n) EXCEPT SELECT m FROM (VALUES (1), (CAST(NULL AS INT))) AS u(m);
