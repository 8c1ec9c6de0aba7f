-- Aggregates over the variable before in DEFINE.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM events MATCH_RECOGNIZE (ORDER BY ts MEASURES COUNT(*) AS n, MIN(a.v) AS mi, MAX(a.v) AS ma, z.id AS zid ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (a+ z) DEFINE a AS a.v < 35 OR a.v IS NULL, z AS z.v > MAX(a.v)) AS m;
