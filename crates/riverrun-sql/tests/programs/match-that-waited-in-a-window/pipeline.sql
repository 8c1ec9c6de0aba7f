CREATE TABLE tick (
  id INT, sym STRING, px INT, vol BIGINT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/tick.json', 'format' = 'json');
CREATE VIEW m AS SELECT * FROM tick MATCH_RECOGNIZE (PARTITION BY sym ORDER BY ts MEASURES FIRST(A.id) AS fa, LAST(C.id) AS lc, MATCH_ROWTIME() AS mt ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (A B*? C) DEFINE A AS A.px < 16, B AS B.px > 7, C AS C.px > A.px + 3);
SELECT window_start, COUNT(*) c, MAX(fa) m FROM TABLE(TUMBLE(TABLE m, DESCRIPTOR(mt), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;
