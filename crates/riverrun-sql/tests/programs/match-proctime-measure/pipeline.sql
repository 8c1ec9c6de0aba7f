-- MATCH_PROCTIME is a time attribute.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT who, first_n, at_time IS NOT NULL AS known FROM clicks MATCH_RECOGNIZE (PARTITION BY who ORDER BY proc MEASURES FIRST(a.n) AS first_n, MATCH_PROCTIME() AS at_time ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE b AS b.n < a.n);
