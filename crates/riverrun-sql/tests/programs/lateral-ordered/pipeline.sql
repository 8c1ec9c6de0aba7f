-- The order of a subquery that reads the row to its left has no effect.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT g, q.id FROM (SELECT DISTINCT g FROM t) c, LATERAL (SELECT id, v FROM t WHERE t.g = c.g ORDER BY v) AS q;
