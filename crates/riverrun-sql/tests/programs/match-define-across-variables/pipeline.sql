-- Conditions over aggregates and offsets of other variables.
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
  MEASURES FIRST(a.id) AS i, LAST(a.id) AS j, b.id AS k
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (a{2} b)
  DEFINE b AS b.price > AVG(a.price) AND b.price < FIRST(a.price) + LAST(a.price, 1)
) AS m;
