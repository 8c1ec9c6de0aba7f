-- The first row for each row of the outer query, by a comparison. Flink refuses it.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT c.id, q.id AS qid FROM t c, LATERAL (SELECT id, v FROM t WHERE t.v < c.v ORDER BY v DESC LIMIT 1) AS q;
