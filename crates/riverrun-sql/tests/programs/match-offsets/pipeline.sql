-- Logical offsets from both ends.
CREATE TABLE t (
  id INT, sym STRING, price INT, tax INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/t.json',
  'format' = 'json'
);
SELECT * FROM t MATCH_RECOGNIZE (
  PARTITION BY sym ORDER BY ts
  MEASURES FIRST(a.id) AS f0, FIRST(a.id, 1) AS f1, FIRST(a.id, 2) AS f2, LAST(a.id) AS l0, LAST(a.id, 1) AS l1, LAST(a.id, 5) AS l5, b.id AS k
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (a+ b)
  DEFINE a AS a.price < 20
) AS m;
