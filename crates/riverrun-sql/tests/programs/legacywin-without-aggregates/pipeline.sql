-- A window in GROUP BY without aggregates.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, TUMBLE_END(ts, INTERVAL '1' MINUTE) AS s FROM t GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE);
