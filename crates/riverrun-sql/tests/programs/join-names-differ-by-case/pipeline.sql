-- Names of tables tell upper from lower case.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT u.id, U.s FROM t AS u JOIN t AS U ON u.id = U.id;
