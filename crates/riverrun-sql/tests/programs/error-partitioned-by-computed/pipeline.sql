-- PARTITIONED BY takes physical columns.
CREATE TABLE t (id INT, half AS id / 2) PARTITIONED BY (half)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/t', 'format' = 'json');
SELECT id FROM t;
