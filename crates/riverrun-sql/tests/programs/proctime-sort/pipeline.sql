-- Rows come in the order of processing time.
CREATE TABLE l (k STRING, v INT, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/l.json', 'format' = 'json');

SELECT k, v FROM l ORDER BY pt;
