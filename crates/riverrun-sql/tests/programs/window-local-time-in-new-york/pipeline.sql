-- Local time in new york.
SET 'table.local-time-zone' = 'America/New_York';
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  lt AS CAST(ts AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR lt AS lt - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT window_start, window_end, window_time, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(lt), INTERVAL '2' MINUTE)) GROUP BY window_start, window_end, window_time;
