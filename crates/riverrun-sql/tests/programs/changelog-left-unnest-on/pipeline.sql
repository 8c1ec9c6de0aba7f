-- LEFT JOIN UNNEST on a condition, of rows that change.
CREATE TABLE t (id INT, a ARRAY<INT>, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'debezium-json');
SELECT id, x FROM t LEFT JOIN UNNEST(a) AS u(x) ON x > 2;
