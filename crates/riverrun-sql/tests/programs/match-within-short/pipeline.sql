-- A bounded loop within a time.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, a1, c1 FROM events MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS a1, C.id AS c1 AFTER MATCH SKIP TO NEXT ROW PATTERN (A B{0,2} C) WITHIN INTERVAL '40' SECOND DEFINE A AS A.v > 0, C AS C.v > A.v);
