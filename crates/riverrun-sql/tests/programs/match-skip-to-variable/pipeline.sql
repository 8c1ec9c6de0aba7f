-- AFTER MATCH SKIP TO a variable is to its last row.
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
  MEASURES a.id AS i, COUNT(b.id) AS n, c.id AS k
  ONE ROW PER MATCH AFTER MATCH SKIP TO b
  PATTERN (a b+ c)
  DEFINE b AS b.price > a.price, c AS c.price <= a.price
) AS m;
