-- Counts summed up again.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT url, SUM(n) AS n FROM (SELECT window_start, window_end, url, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, url) GROUP BY url;
