-- Numbers with spaces around them, in CSV.
CREATE TABLE t (a INT, b DOUBLE, c DECIMAL(5, 2), d BOOLEAN, e STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv');
SELECT * FROM t;
