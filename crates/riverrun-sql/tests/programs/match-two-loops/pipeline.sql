-- Two greedy loops in a row.
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
  MEASURES FIRST(a.id) AS i, LAST(a.id) AS j, FIRST(b.id) AS k, LAST(b.id) AS l, c.id AS m
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (a+ b+ c)
  DEFINE a AS a.price < 16, b AS b.price > 12, c AS c.price < 30
) AS m;
