-- Distinct.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT DISTINCT window_start, window_end, user_name FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
