-- MATCH_RECOGNIZE over an interval join, which keeps a time attribute.
CREATE TABLE clicks (id INT, who STRING, n INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
SELECT * FROM (SELECT l.who AS who, l.n AS n, l.ts AS ts FROM clicks l JOIN clicks r ON l.id = r.id AND l.ts BETWEEN r.ts - INTERVAL '1' SECOND AND r.ts)
MATCH_RECOGNIZE (PARTITION BY who ORDER BY ts MEASURES FIRST(a.n) AS first_n, LAST(b.n) AS last_n ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE b AS b.n < a.n);
