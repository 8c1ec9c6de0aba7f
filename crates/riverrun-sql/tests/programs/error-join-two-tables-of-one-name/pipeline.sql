-- Each table of FROM has a name of its own.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT 1 AS x FROM t AS u, t AS u;
