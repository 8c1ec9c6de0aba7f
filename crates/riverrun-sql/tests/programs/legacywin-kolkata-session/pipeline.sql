-- Sessions in GROUP BY of local time.
SET 'table.local-time-zone' = 'Asia/Kolkata';
CREATE TABLE t (
  id INT, k STRING, v INT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT k, SESSION_START(ts, INTERVAL '2' HOUR) AS s, SESSION_END(ts, INTERVAL '2' HOUR) AS e, COUNT(*) AS n FROM t GROUP BY k, SESSION(ts, INTERVAL '2' HOUR);
