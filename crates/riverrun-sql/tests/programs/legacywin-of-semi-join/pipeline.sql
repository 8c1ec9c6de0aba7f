CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts - INTERVAL '1' HOUR, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, COUNT(*) AS n FROM t WHERE id IN (SELECT id FROM u) GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
