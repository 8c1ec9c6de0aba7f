-- GROUPING SETS within windows, with DISTINCT, FILTER and an expression as a key.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT window_start, k, v > 9 AS big, COUNT(DISTINCT v) AS d, COUNT(*) FILTER (WHERE v < 5) AS f, GROUPING(k) AS g FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, GROUPING SETS ((k), (k, v > 9), ());
