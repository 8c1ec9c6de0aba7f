-- Local time rows.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  lt AS CAST(ts AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR lt AS lt - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT id, lt, window_start, window_time FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(lt), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) WHERE id < 4;
