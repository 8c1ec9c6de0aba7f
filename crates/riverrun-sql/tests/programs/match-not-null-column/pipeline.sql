-- Types of measures over a NOT NULL column.
CREATE TABLE t (
  id INT NOT NULL, sym STRING, price INT, tax INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/t.json',
  'format' = 'json'
);
SELECT * FROM t MATCH_RECOGNIZE (
  PARTITION BY sym ORDER BY ts
  MEASURES a.id AS i, FIRST(a.id) AS f, a.id + 1 AS p, SUM(a.id) AS s, MAX(b.id) AS m, a.ts AS ats
  ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW
  PATTERN (a+ b)
  DEFINE a AS a.price > 15
) AS m;
