-- Expressions over several variables.
CREATE TABLE t (
  id INT, sym STRING, price INT, tax INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/t.json',
  'format' = 'json'
);
SELECT s, d, w, t, rt FROM t MATCH_RECOGNIZE (
  PARTITION BY sym ORDER BY ts
  MEASURES LAST(b.price) - a.price AS d, UPPER(a.sym) AS s, CASE WHEN COUNT(b.id) > 1 THEN 'many' ELSE 'one' END AS w, SUM(b.price * b.tax) AS t, MATCH_ROWTIME() AS rt
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (a b+ c)
  DEFINE b AS b.price > a.price, c AS c.price <= a.price
) AS m;
