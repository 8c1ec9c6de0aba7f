-- Sessions per value of an expression.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT v > 9 AS big, SESSION_END(ts, INTERVAL '20' SECOND) AS e, COUNT(*) FILTER (WHERE k = 'a') AS n FROM t GROUP BY v > 9, SESSION(ts, INTERVAL '20' SECOND);
