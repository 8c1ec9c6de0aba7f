-- Texts are read one after the other until the date is found: the second one is none.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id FROM e WHERE CAST(ts AS DATE) IN (CAST(CAST(ts AS DATE) AS STRING), s);
