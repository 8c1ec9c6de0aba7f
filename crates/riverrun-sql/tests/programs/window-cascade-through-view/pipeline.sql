-- A window over a view of windows, with names of its own.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE VIEW c AS SELECT k, window_time AS wt, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end, window_time;
SELECT window_start, window_end, MAX(n) AS n FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(wt), INTERVAL '3' MINUTE)) GROUP BY window_start, window_end;
