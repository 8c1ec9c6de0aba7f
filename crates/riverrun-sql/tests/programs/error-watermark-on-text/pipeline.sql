-- A watermark on a STRING.
CREATE TABLE a (ts STRING, WATERMARK FOR ts AS ts) WITH ('connector' = 'blackhole');
SELECT 1;
