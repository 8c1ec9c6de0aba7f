CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts - INTERVAL '1' HOUR, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

SELECT k, TUMBLE_END(ts, INTERVAL '2' MINUTE) AS e, COUNT(*) AS n FROM t WHERE v > (SELECT MIN(id) FROM u) GROUP BY k, TUMBLE(ts, INTERVAL '2' MINUTE);
