-- A subquery with a name before MATCH_RECOGNIZE.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT * FROM (SELECT who, n, ts FROM clicks) AS t MATCH_RECOGNIZE (PARTITION BY who ORDER BY ts MEASURES FIRST(a.n) AS first_n, LAST(b.n) AS last_n ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE b AS b.n < a.n);
