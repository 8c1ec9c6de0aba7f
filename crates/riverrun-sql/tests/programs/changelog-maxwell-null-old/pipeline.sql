-- Old values that are NULL, in maxwell-json.
CREATE TABLE t (id INT, v STRING, w INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'maxwell-json');
SELECT * FROM t;
