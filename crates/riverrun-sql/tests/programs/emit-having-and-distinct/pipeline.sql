-- HAVING over early results takes groups in and out.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '1 min';
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT TUMBLE_END(ts, INTERVAL '1' MINUTE) AS e, COUNT(DISTINCT k) AS d, MIN(v) AS lo, MAX(v) AS hi, AVG(v) AS a FROM t GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE) HAVING COUNT(*) > 4;
