-- Day windows in GROUP BY over a day of 23 hours.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE t (
  id INT, k STRING, v INT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT TUMBLE_START(ts, INTERVAL '1' DAY) AS s, TUMBLE_END(ts, INTERVAL '1' DAY) AS e, TUMBLE_ROWTIME(ts, INTERVAL '1' DAY) AS r, COUNT(*) AS n FROM t GROUP BY TUMBLE(ts, INTERVAL '1' DAY);
