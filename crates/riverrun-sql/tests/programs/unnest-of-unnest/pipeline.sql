-- UNNEST of a column that another UNNEST gave.
CREATE TABLE t (id INT, a ARRAY<ROW<n STRING, q ARRAY<INT>>>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT id, n, x FROM t CROSS JOIN UNNEST(a) AS u(n, q) CROSS JOIN UNNEST(q) AS w(x);
