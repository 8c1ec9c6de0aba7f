-- A table created AS a query can have partitions; its columns keep the query's order.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE TABLE o PARTITIONED BY (s) WITH ('connector'='filesystem','path'='${DIR}/o','format'='json') AS SELECT id, s, p FROM t;
SELECT * FROM o;
