-- Cumulate over tumble.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
CREATE VIEW per AS SELECT window_time AS t, url, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time, url;
SELECT window_start, window_end, url, SUM(n) AS s, COUNT(*) AS c FROM TABLE(CUMULATE(TABLE per, DESCRIPTOR(t), INTERVAL '2' MINUTE, INTERVAL '4' MINUTE)) GROUP BY window_start, window_end, url;
