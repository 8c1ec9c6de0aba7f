-- LEFT JOIN LATERAL … ON TRUE with one value of aggregates: what is found of no rows is counted.
CREATE TABLE o (id INT, k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE TABLE s (oid INT, k STRING, q INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/s.json', 'format' = 'json');
SELECT o.id, x.n, y.m FROM o LEFT JOIN LATERAL (SELECT COUNT(*) AS n FROM s WHERE s.oid = o.id) AS x ON TRUE
  LEFT JOIN LATERAL (SELECT COUNT(*) + 1 FROM s WHERE s.oid = o.id) AS y (m) ON TRUE;
