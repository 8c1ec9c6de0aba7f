CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts - INTERVAL '1' HOUR, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

CREATE VIEW mx AS SELECT k, MIN(ts) AS t, SUM(v) AS n FROM t GROUP BY k;
SELECT TUMBLE_START(t, INTERVAL '1' MINUTE) AS s, SUM(n) AS n, AVG(n) AS a, MIN(n) AS mi, MAX(n) AS ma, COUNT(DISTINCT n) AS cd FROM mx GROUP BY TUMBLE(t, INTERVAL '1' MINUTE);
