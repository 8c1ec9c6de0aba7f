-- Aggregates over a loop that looks at its own rows.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM events MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS start_id, LAST(B.id) AS end_id, SUM(B.v) AS s, COUNT(B.id) AS n, AVG(B.v) AS av ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+ C) DEFINE B AS B.v > A.v OR LAST(B.v, 1) IS NULL, C AS C.v < LAST(B.v)) AS m;
