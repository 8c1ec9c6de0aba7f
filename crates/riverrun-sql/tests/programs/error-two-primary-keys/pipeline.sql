-- Two primary keys.
CREATE TABLE a (x INT PRIMARY KEY NOT ENFORCED, y INT PRIMARY KEY NOT ENFORCED) WITH ('connector' = 'blackhole');
SELECT 1;
