-- Three levels of windows, through views.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE VIEW c AS SELECT window_time AS wt, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time;
CREATE VIEW d AS SELECT window_time AS wt, SUM(n) AS n FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(wt), INTERVAL '2' MINUTE)) GROUP BY window_start, window_end, window_time;
SELECT window_start, SUM(n) AS n FROM TABLE(TUMBLE(TABLE d, DESCRIPTOR(wt), INTERVAL '4' MINUTE)) GROUP BY window_start, window_end;
