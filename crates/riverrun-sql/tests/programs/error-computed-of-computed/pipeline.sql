-- A computed column of a computed column.
CREATE TABLE a (x INT, y AS x + 1, z AS y + 1) WITH ('connector' = 'blackhole');
SELECT 1;
