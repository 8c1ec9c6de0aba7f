CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts - INTERVAL '1' HOUR, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

-- The rows of an updating Top-N come into their windows before the watermark passes them.
SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS s, COUNT(*) AS n, SUM(v) AS v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id) AS rn FROM t) WHERE rn <= 2 GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
