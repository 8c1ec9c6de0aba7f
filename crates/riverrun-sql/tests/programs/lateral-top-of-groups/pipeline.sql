-- The first group for each row of the outer query. Flink refuses it.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT c.g, q.m, q.n FROM (SELECT DISTINCT g FROM t) c, LATERAL (SELECT MOD(v, 2) AS m, COUNT(*) AS n FROM t WHERE t.g = c.g GROUP BY MOD(v, 2) ORDER BY COUNT(*) DESC, MOD(v, 2) LIMIT 1) AS q;
