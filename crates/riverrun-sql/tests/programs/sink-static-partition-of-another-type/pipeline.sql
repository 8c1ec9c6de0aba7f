-- The value of PARTITION is cast to its column's type, whatever it is written as.
CREATE TABLE days (n INT, dd INT, hour_ SMALLINT, ratio DOUBLE, name STRING, ready BOOLEAN)
PARTITIONED BY (dd, hour_, ratio, name, ready)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO days PARTITION (dd = '20240229', hour_ = 7, ratio = '1.5', name = 12, ready = 'true') VALUES (1), (2);
INSERT INTO days PARTITION (dd = 12.7, ready = 1) SELECT 3, CAST(8 AS SMALLINT), 2.0, 'x';
SELECT * FROM days;
