-- Values read as another type than the JSON one.
CREATE TABLE t (a STRING, b INT, c BOOLEAN, d STRING, e DECIMAL(5, 1)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
SELECT * FROM t;
