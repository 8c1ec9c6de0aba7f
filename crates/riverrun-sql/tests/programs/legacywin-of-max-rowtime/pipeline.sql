CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts - INTERVAL '1' HOUR, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

-- The time is an aggregate of event times, which Flink takes for one; what it was before is taken back from its window.
CREATE VIEW mx AS SELECT k, MAX(ts) AS t, COUNT(*) AS n FROM t GROUP BY k;
SELECT TUMBLE_START(t, INTERVAL '1' MINUTE) AS s, TUMBLE_ROWTIME(t, INTERVAL '1' MINUTE) AS r, SUM(n) AS n, MAX(k) AS k FROM mx GROUP BY TUMBLE(t, INTERVAL '1' MINUTE);
