-- The same by left joins.
CREATE TABLE t (id INT, a ARRAY<ROW<n STRING, q ARRAY<INT>>>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT id, n, x FROM t LEFT JOIN UNNEST(a) AS u(n, q) ON TRUE LEFT JOIN UNNEST(q) AS w(x) ON TRUE;
