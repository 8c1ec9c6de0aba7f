-- A watermark of more than three digits.
CREATE TABLE t (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS CAST(ts AS TIMESTAMP(6)))
WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT id FROM t;
