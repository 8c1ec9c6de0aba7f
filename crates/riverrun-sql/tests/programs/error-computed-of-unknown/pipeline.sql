-- A computed column that names an unknown one.
CREATE TABLE a (x INT, y AS zz + 1) WITH ('connector' = 'blackhole');
SELECT 1;
