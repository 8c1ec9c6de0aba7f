-- UNNEST of rows that change.
CREATE TABLE t (id INT, a ARRAY<INT>, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'debezium-json');
SELECT id, x FROM t CROSS JOIN UNNEST(a) AS u(x);
