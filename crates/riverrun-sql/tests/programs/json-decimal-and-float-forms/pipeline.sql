-- Numbers in all the ways in which JSON writes them.
CREATE TABLE t (a DECIMAL(10, 3), b FLOAT, c DOUBLE, d BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT * FROM t;
