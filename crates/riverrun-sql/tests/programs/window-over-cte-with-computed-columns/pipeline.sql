-- Over cte with computed columns.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
WITH w AS (SELECT user_name AS u, ts AS t, millis * 2 AS m FROM clicks WHERE millis IS NOT NULL) SELECT u, window_start AS ws, SUM(m) AS s, AVG(m) AS a, MIN(m) AS lo FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(t), INTERVAL '2' MINUTE)) GROUP BY window_start, window_end, u;
