-- A primary key over an unknown column.
CREATE TABLE a (x INT, PRIMARY KEY (z) NOT ENFORCED) WITH ('connector' = 'blackhole');
SELECT 1;
