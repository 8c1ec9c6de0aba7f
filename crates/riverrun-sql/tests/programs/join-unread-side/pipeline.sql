-- Sides of joins that nobody reads, and that give a row one row at the most: nothing is updated.
CREATE TABLE t (id INT, k STRING, v INT, d DECIMAL(8, 2), s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE TABLE u (id INT, k STRING, v INT, d DECIMAL(8, 2), s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');
SELECT id FROM (SELECT id, (SELECT MAX(v) FROM u) AS m FROM t)
UNION ALL SELECT id FROM (SELECT id, (SELECT MAX(v) FROM u WHERE u.k = t.k) AS m FROM t)
UNION ALL SELECT id FROM (SELECT id, EXISTS (SELECT 1 FROM u WHERE u.k = t.k) AS m FROM t)
UNION ALL SELECT t.id FROM t LEFT JOIN (SELECT k, MAX(v) AS m FROM u GROUP BY k) AS x ON t.k = x.k AND x.m > 2;
