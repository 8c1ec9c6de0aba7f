CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');


SELECT k, ARRAY[MAX(ts), MIN(ts)] AS a, ARRAY[ARRAY[MAX(ts)]] AS b, ROW(MAX(ts), ROW(MIN(ts))) AS c, MAP[MAX(ts), MIN(ts)] AS d, ARRAY[MAX(ts)][1] AS e, ROW(MAX(ts)) IS NULL AS f FROM t GROUP BY k;
