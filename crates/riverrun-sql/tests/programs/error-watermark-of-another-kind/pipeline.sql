-- A watermark that is a TIMESTAMP_LTZ for a TIMESTAMP.
CREATE TABLE t (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS CAST(ts AS TIMESTAMP_LTZ(3)))
WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT id FROM t;
