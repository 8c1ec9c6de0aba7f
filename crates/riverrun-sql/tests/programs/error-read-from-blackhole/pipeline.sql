-- A table that can only be written.
CREATE TABLE a (x INT) WITH ('connector' = 'blackhole');
SELECT * FROM a;
