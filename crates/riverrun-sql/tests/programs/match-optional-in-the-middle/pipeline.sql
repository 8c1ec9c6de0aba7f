-- An optional variable that may be missing.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT * FROM events MATCH_RECOGNIZE (ORDER BY ts MEASURES a.id AS ai, b.id AS bi, c.id AS ci ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (a b? c) DEFINE a AS a.k = 'a', b AS b.k = 'b', c AS c.k = 'c') AS m;
