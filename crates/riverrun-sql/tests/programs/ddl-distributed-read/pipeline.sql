-- A table that is DISTRIBUTED is read like another.
CREATE TABLE d (id INT, k STRING) DISTRIBUTED BY RANGE(id) INTO 3 BUCKETS WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT * FROM d;
