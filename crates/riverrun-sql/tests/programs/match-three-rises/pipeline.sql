-- Three rising values in a row, across partitions.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM events MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FIRST(u.id) AS f, LAST(u.id) AS l, s.id AS sid, COUNT(u.id) AS n, AVG(u.v) AS a ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (s u+ x) DEFINE u AS u.v > LAST(u.v, 1) OR LAST(u.v, 1) IS NULL, x AS x.v < 1000) AS m;
