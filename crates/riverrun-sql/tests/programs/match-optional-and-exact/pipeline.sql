-- An exact number, an optional row, and a last one.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM events MATCH_RECOGNIZE (ORDER BY ts MEASURES FIRST(A.id) AS f, LAST(A.id) AS l, B.id AS b AFTER MATCH SKIP PAST LAST ROW PATTERN (A{2} B? C) DEFINE A AS A.v IS NOT NULL, B AS B.k = 'c', C AS C.v > 5);
