-- Files have no buckets.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
CREATE TABLE d (id INT, k STRING) DISTRIBUTED BY HASH(id) INTO 4 BUCKETS WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'json');
INSERT INTO d SELECT id, k FROM e;
SELECT * FROM d;
