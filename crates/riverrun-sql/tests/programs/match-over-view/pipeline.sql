-- MATCH_RECOGNIZE over a view that computes columns.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
CREATE VIEW v AS SELECT who, n + id AS n, ts FROM clicks WHERE n > 1;
SELECT * FROM v MATCH_RECOGNIZE (PARTITION BY who ORDER BY ts MEASURES FIRST(a.n) AS first_n, LAST(b.n) AS last_n ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE b AS b.n < a.n);
