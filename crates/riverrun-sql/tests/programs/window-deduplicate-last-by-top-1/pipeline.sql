-- Deduplicate last by top 1.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT user_name, ts, id FROM (SELECT user_name, ts, id, window_start, window_end, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, user_name ORDER BY ts DESC) rn FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE rn <= 1 AND user_name IS NOT NULL;
