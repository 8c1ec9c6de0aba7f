-- FILTER is for aggregates.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT UPPER(s) FILTER (WHERE id > 1) AS u FROM t;
