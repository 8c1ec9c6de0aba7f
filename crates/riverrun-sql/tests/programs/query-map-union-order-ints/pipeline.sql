CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  proc AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (id INT, name STRING, uts TIMESTAMP(3), WATERMARK FOR uts AS uts, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

SELECT MAP_KEYS(MAP_UNION(MAP[100, 1, 17, 2, 33, 3], MAP[1, 5, 0, 6, -1, 7])) AS ks, MAP_VALUES(MAP_UNION(MAP[100, 1, 17, 2, 33, 3], MAP[1, 5, 0, 6, 17, 7])) AS vs, CAST(MAP_UNION(MAP[DATE '2024-01-01', 1], MAP[DATE '2020-01-01', 2, DATE '2021-05-05', 3]) AS STRING) AS d FROM u WHERE id = 1;
