-- BETWEEN holds for no NULL, neither as the value nor as a bound: the outer join is an inner one, whose rows are only added.
CREATE TABLE a (id INT, x INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
CREATE TABLE b (id INT, lo INT, hi INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/b.json', 'format' = 'json');
SELECT a.id, a.x, b.lo, b.hi FROM a LEFT JOIN b ON a.id = b.id WHERE COALESCE(a.x, 5) BETWEEN 1 AND b.hi;
