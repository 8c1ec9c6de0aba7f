-- An aggregation without keys over what is known to have no rows gives the one row of SQL.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT 'false' AS k, COUNT(*) AS c, SUM(p) AS s, AVG(p) AS a, MIN(id) AS l, MAX(s) AS h FROM t WHERE FALSE
UNION ALL SELECT 'null', COUNT(DISTINCT s), SUM(p), AVG(p), MIN(id), MAX(s) FROM t WHERE id = CAST(NULL AS INT)
UNION ALL SELECT 'contradiction', COUNT(*) + 1, SUM(p), AVG(p), MIN(id), MAX(s) FROM t WHERE id > 3 AND id < 2
UNION ALL SELECT 'limit', COUNT(*), SUM(p), AVG(p), MIN(id), MAX(s) FROM (SELECT * FROM t LIMIT 0)
UNION ALL SELECT 'join', COUNT(*), SUM(a.p), AVG(a.p), MIN(a.id), MAX(a.s) FROM t a JOIN (SELECT id FROM t WHERE 1 = 0) b ON a.id = b.id
UNION ALL SELECT 'nested', COUNT(*), SUM(p), AVG(p), MIN(id), MAX(s) FROM (SELECT id + 1 AS k, p, id, s FROM t WHERE id > 1) WHERE k BETWEEN 5 AND 2
UNION ALL SELECT 'groups', COUNT(*), SUM(n), AVG(n), CAST(NULL AS INT), MAX(s) FROM (SELECT s, CAST(COUNT(*) AS INT) AS n FROM t WHERE s = 'a' AND s IN ('b', 'c') GROUP BY s);
