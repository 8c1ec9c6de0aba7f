-- A column that is never NULL: no row fulfils IS NULL, and nothing is updated.
CREATE TABLE t (id INT, k STRING, v INT, d DECIMAL(8, 2)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE TABLE u (id INT, k STRING, v INT, d DECIMAL(8, 2)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');
SELECT l.k, l.v, r.id FROM (SELECT k, COUNT(*) AS v FROM t GROUP BY k) AS l JOIN u AS r ON l.v = r.v WHERE l.v IS NULL
UNION ALL SELECT k, v, id FROM u WHERE v > 2;
