-- Sessions give no early results.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, SESSION_START(ts, INTERVAL '20' SECOND) AS s, SESSION_END(ts, INTERVAL '20' SECOND) AS e, COUNT(*) AS n FROM t GROUP BY k, SESSION(ts, INTERVAL '20' SECOND);
