-- A window of processing time has no event time.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT TUMBLE_ROWTIME(p, INTERVAL '1' HOUR) AS s, COUNT(*) AS n FROM t GROUP BY TUMBLE(p, INTERVAL '1' HOUR);
