-- Over rows that are updated.
CREATE TABLE t (
  id INT, sym STRING, price INT, tax INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/t.json',
  'format' = 'json'
);
SELECT * FROM (SELECT sym, MAX(price) AS price, ts FROM t GROUP BY sym, ts) MATCH_RECOGNIZE (
 PARTITION BY sym ORDER BY ts MEASURES a.price AS i PATTERN (a b) DEFINE b AS b.price > 1
) AS m;
