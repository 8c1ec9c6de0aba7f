-- An optional variable at the end.
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
  MEASURES a.id AS i, b.id AS j
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (a b?)
  DEFINE a AS a.price > 12, b AS b.price < 16
) AS m;
