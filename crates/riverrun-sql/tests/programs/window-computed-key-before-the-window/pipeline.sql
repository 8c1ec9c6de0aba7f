-- Computed key before the window.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT window_start, window_end, CHAR_LENGTH(url) AS l, CAST(AVG(CAST(millis AS DOUBLE)) AS DECIMAL(10, 2)) AS a FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY CHAR_LENGTH(url), window_end, window_start;
