-- Processing time is a TIMESTAMP_LTZ that can be compared.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT id, p IS NOT NULL AS pp FROM t WHERE p > TIMESTAMP '2020-01-01 00:00:00';
