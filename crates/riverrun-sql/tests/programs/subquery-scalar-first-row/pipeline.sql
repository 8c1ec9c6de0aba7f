-- A value of the first row for each row of the outer query. Flink refuses it.
CREATE TABLE t (id INT, v INT, g STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/can.json', 'format' = 'json');
SELECT c.id, 100 - (SELECT t.v * 2 FROM t WHERE t.g = c.g ORDER BY t.v DESC, t.id DESC LIMIT 1) AS top FROM t c;
