-- A table without an alias has its own name.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT 1 AS x FROM t JOIN t ON TRUE;
