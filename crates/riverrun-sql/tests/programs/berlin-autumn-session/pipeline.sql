-- Sessions of local time where an hour comes twice: both times are one.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE t (
  ms BIGINT, n INT, ts AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/in.json',
  'format' = 'json'
);
SELECT window_start, window_end, window_time, COUNT(*) AS c, MIN(ms) AS lo FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '9' MINUTE)) GROUP BY window_start, window_end, window_time;
