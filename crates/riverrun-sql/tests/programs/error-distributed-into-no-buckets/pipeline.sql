-- A table has at least one bucket.
CREATE TABLE d (id INT, k STRING) DISTRIBUTED BY (id) INTO 0 BUCKETS WITH ('connector' = 'print');
SELECT 1;
