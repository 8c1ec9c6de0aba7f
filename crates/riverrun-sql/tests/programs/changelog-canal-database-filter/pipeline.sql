-- canal-json read for some databases and tables only.
CREATE TABLE t (id INT, v STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'canal-json', 'canal-json.database.include' = '^shop$', 'canal-json.table.include' = 'ord.*');
SELECT * FROM t;
