-- A window function over TUMBLE_ROWTIME.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
CREATE VIEW c AS SELECT k, TUMBLE_ROWTIME(ts, INTERVAL '1' MINUTE) AS r, COUNT(*) AS n FROM t GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE);
SELECT window_start, window_end, SUM(n) AS n FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(r), INTERVAL '2' MINUTE)) GROUP BY window_start, window_end;
