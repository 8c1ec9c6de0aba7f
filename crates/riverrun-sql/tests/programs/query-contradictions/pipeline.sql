-- Conditions that no row fulfils: nothing is updated.
CREATE TABLE t (id INT, k STRING, v INT, d DECIMAL(8, 2), s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE TABLE u (id INT, k STRING, v INT, d DECIMAL(8, 2), s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');
SELECT k, v FROM t WHERE TRUE OR v IN (SELECT v FROM u)
UNION ALL SELECT k, MAX(v) AS v FROM u WHERE v > 3 AND v < 2 GROUP BY k
UNION ALL SELECT k, MAX(v) AS v FROM u WHERE v IN (1, 2) AND v = 3 GROUP BY k
UNION ALL SELECT k, MAX(v) AS v FROM u WHERE v BETWEEN 5 AND 2 OR k > 'c' AND k < 'b' GROUP BY k
UNION ALL SELECT k, MAX(v) AS v FROM u WHERE v > 1 AND NOT (v > 1) GROUP BY k
UNION ALL SELECT t.k, u.v FROM t LEFT JOIN u ON t.k = u.k AND t.v > 3 AND t.v < 2;
