-- The maximum of an event time is no time attribute.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT window_start, window_end, SUM(n) AS n FROM TABLE(TUMBLE((SELECT k, MAX(ts) AS ts, COUNT(*) AS n FROM t GROUP BY k), DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
