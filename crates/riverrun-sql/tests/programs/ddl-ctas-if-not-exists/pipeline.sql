-- IF NOT EXISTS: the rows are written whether the table was there or not.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE TABLE IF NOT EXISTS o WITH ('connector'='filesystem','path'='${DIR}/o','format'='json') AS SELECT id, s FROM t WHERE id < 3;
CREATE TABLE IF NOT EXISTS o WITH ('connector'='filesystem','path'='${DIR}/elsewhere','format'='json') AS SELECT id, s FROM t WHERE id = 3;
SELECT * FROM o;
