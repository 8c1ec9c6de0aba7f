CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts - INTERVAL '1' HOUR, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

CREATE VIEW mx AS SELECT k, MAX(ts) AS t, COUNT(*) AS n FROM t GROUP BY k;
SELECT HOP_START(t, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE) AS s, SUM(n) AS n, COUNT(*) AS c FROM mx GROUP BY HOP(t, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE);
