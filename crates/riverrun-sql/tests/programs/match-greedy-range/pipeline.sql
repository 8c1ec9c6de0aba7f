-- A greedy range.
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
  PATTERN (a{2,3} b)
  DEFINE a AS a.price > 11, b AS b.price < 20
) AS m;
