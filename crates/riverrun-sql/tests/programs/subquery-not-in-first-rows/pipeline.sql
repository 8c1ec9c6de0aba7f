-- NOT IN the first rows for each row of the outer query. Flink takes the first rows of all.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT c.id FROM t c WHERE c.id NOT IN (SELECT id FROM t WHERE t.g = c.g ORDER BY v DESC LIMIT 2);
