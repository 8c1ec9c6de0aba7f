-- Late rows of hopping windows in GROUP BY.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT HOP_START(ts, INTERVAL '1' MINUTE, INTERVAL '3' MINUTE) AS s, HOP_END(ts, INTERVAL '1' MINUTE, INTERVAL '3' MINUTE) AS e, COUNT(*) AS n FROM t GROUP BY HOP(ts, INTERVAL '1' MINUTE, INTERVAL '3' MINUTE);
