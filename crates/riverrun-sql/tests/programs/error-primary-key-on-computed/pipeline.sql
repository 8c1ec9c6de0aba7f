-- A primary key over a computed column.
CREATE TABLE a (x INT, y AS x + 1, PRIMARY KEY (y) NOT ENFORCED) WITH ('connector' = 'blackhole');
SELECT 1;
