-- Top n of counts.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT window_start, window_end, user_name, n, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, user_name) AS rn FROM (SELECT window_start, window_end, user_name, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, user_name)) WHERE rn <= 2;
