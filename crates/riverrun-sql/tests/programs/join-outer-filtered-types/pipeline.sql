-- What is NOT NULL on a side of an outer join may be NULL in the result, even where WHERE leaves no such row.
CREATE TABLE a (id INT NOT NULL, k STRING NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
CREATE TABLE b (id INT NOT NULL, n INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/b.json', 'format' = 'json');
SELECT a.id, a.k, l.id AS l_id, l.n AS l_n, f.id AS f_id, f.n AS f_n, f.n + 1 AS f_m
FROM a LEFT JOIN b AS l ON a.id = l.id FULL JOIN b AS f ON a.id = f.id
WHERE l.n > 5 AND f.n IS NOT NULL AND a.id < 3;
