-- A row finds its bucket by a column of the table.
CREATE TABLE d (id INT, k STRING) DISTRIBUTED BY (x) INTO 2 BUCKETS WITH ('connector' = 'print');
SELECT 1;
