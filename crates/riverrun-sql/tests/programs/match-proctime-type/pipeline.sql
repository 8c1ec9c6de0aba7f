-- MATCH_PROCTIME's type.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT at_time FROM clicks MATCH_RECOGNIZE (PARTITION BY who ORDER BY proc MEASURES MATCH_PROCTIME() AS at_time ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE b AS b.n < 0);
