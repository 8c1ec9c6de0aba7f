-- HOP in GROUP BY by processing time.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3), p AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, HOP_START(p, INTERVAL '1' HOUR, INTERVAL '90' MINUTE) AS s, HOP_PROCTIME(p, INTERVAL '1' HOUR, INTERVAL '90' MINUTE) AS pt, COUNT(*) AS n FROM t GROUP BY k, HOP(p, INTERVAL '1' HOUR, INTERVAL '90' MINUTE);
