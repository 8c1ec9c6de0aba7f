-- Conditions with functions and CASE; measures of several types.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, up, t, c FROM events MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES UPPER(LAST(a.k)) || '!' AS up, CAST(b.ts AS STRING) AS t, CASE WHEN b.amt > a.amt THEN 'more' ELSE 'less' END AS c ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a b) DEFINE a AS MOD(a.id, 2) = 1, b AS COALESCE(b.amt, 0) >= 0) AS m;
