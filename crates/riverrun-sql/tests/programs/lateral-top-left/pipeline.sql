-- Rows without any come too. Flink refuses it.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT g, q.id, q.v FROM (SELECT DISTINCT g FROM t) c LEFT JOIN LATERAL (SELECT id, v FROM t WHERE t.g = c.g AND v > 10 ORDER BY v DESC LIMIT 2) AS q ON TRUE;
