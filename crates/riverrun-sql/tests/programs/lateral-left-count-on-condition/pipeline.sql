-- With another condition it is no row.
CREATE TABLE o (id INT, k STRING, v INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/o.json', 'format' = 'json');
CREATE TABLE s (oid INT, k STRING, q INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/s.json', 'format' = 'json');
SELECT o.id, x.n FROM o LEFT JOIN LATERAL (SELECT COUNT(*) AS n FROM s WHERE s.oid = o.id) AS x ON x.n = 0;
