-- The value of PARTITION can't be cast to its column's type.
CREATE TABLE days (n INT, dd INT) PARTITIONED BY (dd)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO days PARTITION (dd = 'monday') SELECT 1;
SELECT * FROM days;
