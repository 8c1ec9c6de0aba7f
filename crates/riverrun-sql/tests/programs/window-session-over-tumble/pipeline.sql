-- Sessions over the windows of a tumbling aggregation.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT window_start, window_end, SUM(n) AS n FROM TABLE(SESSION((SELECT k, window_time AS wt, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end, window_time) PARTITION BY k, DESCRIPTOR(wt), INTERVAL '61' SECOND)) GROUP BY window_start, window_end, k;
