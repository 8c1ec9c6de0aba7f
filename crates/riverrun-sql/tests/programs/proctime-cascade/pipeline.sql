-- A window over window_time of another one of processing time.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT window_start, window_end, SUM(n) AS n FROM TABLE(TUMBLE((SELECT k, window_time AS wt, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(p), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end, window_time), DESCRIPTOR(wt), INTERVAL '2' HOUR)) GROUP BY window_start, window_end;
