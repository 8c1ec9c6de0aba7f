-- TUMBLE in GROUP BY by processing time.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, TUMBLE_START(p, INTERVAL '1' HOUR) AS s, TUMBLE_END(p, INTERVAL '1' HOUR) AS e, TUMBLE_PROCTIME(p, INTERVAL '1' HOUR) AS pt, COUNT(*) AS n FROM t GROUP BY k, TUMBLE(p, INTERVAL '1' HOUR);
