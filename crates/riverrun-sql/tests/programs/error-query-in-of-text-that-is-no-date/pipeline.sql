-- A text among which a date is looked for is read as a date.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT id, CAST(ts AS DATE) IN (s) AS b FROM e;
