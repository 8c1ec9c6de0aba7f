-- DECIMAL of 39 digits.
CREATE TABLE a (x DECIMAL(39, 2)) WITH ('connector' = 'blackhole');
SELECT 1;
