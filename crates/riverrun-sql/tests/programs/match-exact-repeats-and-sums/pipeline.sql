-- Two to three rows whose sum stays below a limit, then one above.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM events MATCH_RECOGNIZE (ORDER BY ts MEASURES FIRST(a.id) AS f, LAST(a.id) AS l, SUM(a.v) AS s, b.id AS bid, FIRST(a.ts) AS t0, LAST(b.ts) AS t1 ONE ROW PER MATCH AFTER MATCH SKIP TO LAST a PATTERN (a{2,3} b) DEFINE a AS SUM(a.v) < 60, b AS b.v >= 15) AS m;
