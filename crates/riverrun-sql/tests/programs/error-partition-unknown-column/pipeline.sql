-- PARTITIONED BY an unknown column.
CREATE TABLE a (x INT) PARTITIONED BY (q) WITH ('connector' = 'filesystem', 'path' = '${DIR}/none', 'format' = 'json');
SELECT 1;
