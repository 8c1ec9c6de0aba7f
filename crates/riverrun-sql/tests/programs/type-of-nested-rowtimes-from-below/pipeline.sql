CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');


SELECT a[1] AS x, r.q AS y, m['a'] AS z FROM (SELECT k, ARRAY[MAX(ts)] AS a, CAST(ROW(MAX(ts)) AS ROW<q TIMESTAMP(3)>) AS r, MAP['a', MAX(ts)] AS m FROM t GROUP BY k);
