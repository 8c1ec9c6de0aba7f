-- A scalar subquery that computes something of aggregates has a value where no row is found: COUNT is 0 there, other aggregates are NULL.
CREATE TABLE o (id INT, k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE TABLE s (oid INT, k STRING, q INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/s.json', 'format' = 'json');
SELECT id, (SELECT COUNT(*) + 1 FROM s WHERE s.oid = o.id) AS a, (SELECT COALESCE(MAX(q), -1) FROM s WHERE s.oid = o.id) AS b,
  (SELECT CASE WHEN COUNT(*) = 0 THEN 'none' ELSE 'some' END FROM s WHERE s.oid = o.id) AS c,
  (SELECT MAX(q) * 0 + 5 FROM s WHERE s.oid = o.id) AS d, (SELECT COUNT(*) + 1 FROM s WHERE s.oid = o.id HAVING COUNT(*) > 0) AS e,
  (SELECT (COUNT(DISTINCT q)) FROM s WHERE s.oid = o.id) AS f, (SELECT SUM(q) + COUNT(*) FROM s WHERE s.oid = o.id) AS g
FROM o;
