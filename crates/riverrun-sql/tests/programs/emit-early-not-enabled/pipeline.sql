-- A delay alone does nothing.
SET 'table.exec.emit.early-fire.delay' = '0 s';
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, COUNT(*) AS n, SUM(v) AS v FROM t GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE);
