-- ORDER BY a position. Flink refuses it.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT g, q.id, q.w FROM (SELECT DISTINCT g FROM t) c, LATERAL (SELECT id, -v AS w FROM t WHERE t.g = c.g ORDER BY 2 LIMIT 1) AS q;
