-- Three failed logins within a minute, then a success from another country.
CREATE TABLE logins (u STRING, ok BOOLEAN, c STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/logins.json', 'format' = 'json');
SELECT * FROM logins MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES FIRST(f.ts) AS since, s.ts AS at_ts, s.c AS country, COUNT(f.ok) AS tries ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (f{3,} s) WITHIN INTERVAL '1' MINUTE DEFINE f AS NOT f.ok, s AS s.ok AND s.c <> LAST(f.c)) AS m;
