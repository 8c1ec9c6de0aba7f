-- Aggregate of aggregate.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
CREATE VIEW a AS SELECT window_start AS s, window_end AS e, window_time AS t, url, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time, url;
SELECT s, e, SUM(n) AS total, COUNT(DISTINCT url) AS urls FROM a GROUP BY s, e;
