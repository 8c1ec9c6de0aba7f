-- TIMESTAMP of ten digits.
CREATE TABLE a (x TIMESTAMP(10)) WITH ('connector' = 'blackhole');
SELECT 1;
