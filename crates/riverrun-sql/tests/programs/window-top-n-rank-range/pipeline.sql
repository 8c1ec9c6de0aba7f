-- Top n rank range.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT url, window_end, rn FROM (SELECT url, millis, window_start, window_end, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, url ORDER BY millis DESC, id) AS rn FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) WHERE rn BETWEEN 2 AND 3;
