-- A window over TUMBLE_PROCTIME of another.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT TUMBLE_START(pt, INTERVAL '2' HOUR) AS s, SUM(n) AS n FROM (SELECT TUMBLE_PROCTIME(p, INTERVAL '1' HOUR) AS pt, COUNT(*) AS n FROM t GROUP BY TUMBLE(p, INTERVAL '1' HOUR)) GROUP BY TUMBLE(pt, INTERVAL '2' HOUR);
