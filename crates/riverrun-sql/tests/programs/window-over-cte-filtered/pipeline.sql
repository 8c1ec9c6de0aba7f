-- A window over a CTE that filters and computes.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
WITH c AS (SELECT ts, UPPER(k) AS kk, v * 2 AS d FROM t WHERE v IS NOT NULL) SELECT kk, window_start, window_end, SUM(d) AS s FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY kk, window_start, window_end;
