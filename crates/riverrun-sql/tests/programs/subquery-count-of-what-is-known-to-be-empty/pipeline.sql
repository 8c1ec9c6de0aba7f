-- The value of COUNT over what is known to have no rows is 0, not NULL.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT id FROM t WHERE (SELECT COUNT(*) FROM t WHERE FALSE) = 0;
