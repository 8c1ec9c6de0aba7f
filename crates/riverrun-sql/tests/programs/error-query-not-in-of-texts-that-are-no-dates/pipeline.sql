-- The same with NOT IN.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id, CAST(ts AS DATE) NOT IN (s, k) AS b FROM e;
