-- A reluctant loop at the end takes one row.
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
  MEASURES a.id AS i, COUNT(b.id) AS n, LAST(b.id) AS j
  ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW
  PATTERN (a b+?)
  DEFINE a AS a.price > 11, b AS b.price > 11
) AS m;
