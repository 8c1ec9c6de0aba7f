-- A window of months has no fixed length.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT COUNT(*) AS n FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MONTH);
