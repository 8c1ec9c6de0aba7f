-- An optional variable in the middle.
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
  MEASURES a.id AS i, b.id AS j, c.id AS k
  ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW
  PATTERN (a b? c)
  DEFINE a AS a.price > 12, b AS b.price < 16, c AS c.price > 10
) AS m;
