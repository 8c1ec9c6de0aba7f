-- The first rows for each row of the outer query.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT g, q.id, q.v FROM (SELECT DISTINCT g FROM t) c, LATERAL (SELECT id, v FROM t WHERE t.g = c.g ORDER BY v DESC FETCH FIRST 1 ROWS ONLY) AS q;
