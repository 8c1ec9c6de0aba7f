-- Only CROSS JOIN has no condition.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT a.id FROM t AS a LEFT JOIN t AS b;
