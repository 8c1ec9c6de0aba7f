-- FILTER, LISTAGG and FIRST_VALUE in early results.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '1 min';
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, TUMBLE_ROWTIME(ts, INTERVAL '1' MINUTE) AS r, COUNT(v) FILTER (WHERE v > 5) AS f, LISTAGG(CAST(id AS STRING)) AS ids, FIRST_VALUE(id) AS fi FROM t GROUP BY k, TUMBLE(ts, INTERVAL '1' MINUTE);
