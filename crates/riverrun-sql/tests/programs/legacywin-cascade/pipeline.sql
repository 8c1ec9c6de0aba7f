-- A window over TUMBLE_ROWTIME of another.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT TUMBLE_START(r, INTERVAL '2' MINUTE) AS s, SUM(n) AS n FROM (SELECT k, TUMBLE_ROWTIME(ts, INTERVAL '1' MINUTE) AS r, COUNT(*) AS n FROM t GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE)) GROUP BY TUMBLE(r, INTERVAL '2' MINUTE);
