-- REPLACE TABLE needs one.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
REPLACE TABLE o WITH ('connector'='filesystem','path'='${DIR}/o','format'='json') AS SELECT id, s FROM t;
SELECT * FROM o;
