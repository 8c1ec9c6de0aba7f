-- ORDER BY processing time is the order of arrival.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT id FROM t ORDER BY p;
