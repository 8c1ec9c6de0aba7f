CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');


SELECT CAST(MAP_UNION(MAP['z', 1, 'b', 2, 'q', 0], MAP['a', 3, 'b', 4, 'c', 9], MAP['c', 5, 'z', 6, 'w', 7]) AS STRING) AS s, CAST(MAP_UNION(MAP['z', 1, 'b', 2]) AS STRING) AS o, CAST(MAP_UNION(m, MAP['n', 1]) AS STRING) AS p, MAP_UNION(m, CAST(NULL AS MAP<STRING, INT>)) AS nn FROM (SELECT MAP['k', id, 'a', 2] AS m FROM u);
