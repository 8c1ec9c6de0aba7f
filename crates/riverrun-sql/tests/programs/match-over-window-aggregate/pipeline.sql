-- MATCH_RECOGNIZE over the results of windows.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT * FROM (SELECT who, SUM(n) AS n, window_time AS wt FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY who, window_start, window_end, window_time)
MATCH_RECOGNIZE (PARTITION BY who ORDER BY wt MEASURES FIRST(a.n) AS first_n, LAST(b.n) AS last_n, MATCH_ROWTIME() AS at_time ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (a b) DEFINE b AS b.n < a.n);
