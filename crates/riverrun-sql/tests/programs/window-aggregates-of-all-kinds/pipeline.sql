-- Aggregates of all kinds.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT window_start, window_end, MIN(url) AS a, MAX(url) AS b, SUM(CAST(millis AS BIGINT)) AS c, SUM(CAST(millis AS DECIMAL(10, 3))) AS d, AVG(CAST(millis AS DECIMAL(10,3))) AS e, ARRAY_AGG(id) AS f FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
