CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

SELECT MAP_UNION(MAP['z', 1, 'b', 2], MAP['a', 3, 'b', 4]) AS m, CAST(MAP_UNION(MAP['z', 1, 'b', 2], MAP['a', 3, 'b', 4]) AS STRING) AS s, MAP_KEYS(MAP_UNION(MAP['z', 1, 'b', 2], MAP['a', 3, 'b', 4])) AS ks, MAP_ENTRIES(MAP_UNION(MAP['zz', 1, 'b', 2], MAP['hello', 3, 'b', 4])) AS es FROM u WHERE id = 1;
