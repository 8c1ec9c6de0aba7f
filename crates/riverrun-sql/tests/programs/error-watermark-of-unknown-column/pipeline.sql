-- A watermark for a column that isn't there.
CREATE TABLE a (id INT, WATERMARK FOR ts AS ts) WITH ('connector' = 'blackhole');
SELECT 1;
