-- MATCH_ROWTIME of the field of the order, whose type it has.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT * FROM clicks MATCH_RECOGNIZE (PARTITION BY who ORDER BY ts MEASURES MATCH_ROWTIME(ts) AS at_time, LAST(b.proc) IS NULL AS p ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE b AS b.n < a.n);
