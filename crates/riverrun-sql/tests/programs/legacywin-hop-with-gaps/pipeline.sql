-- Rows between two hopping windows are in none.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT HOP_START(ts, INTERVAL '2' MINUTE, INTERVAL '1' MINUTE) AS s, COUNT(*) AS n FROM t GROUP BY HOP(ts, INTERVAL '2' MINUTE, INTERVAL '1' MINUTE);
