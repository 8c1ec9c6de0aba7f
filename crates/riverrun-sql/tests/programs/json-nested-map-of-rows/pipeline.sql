-- A map of rows with arrays, in JSON.
CREATE TABLE t (id INT, m MAP<STRING, ROW<a INT, b ARRAY<STRING>>>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT id, m['x'].a AS xa, m['x'].b[1] AS xb, CARDINALITY(m) AS n, MAP_KEYS(m) AS ks FROM t;
