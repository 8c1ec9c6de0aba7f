-- The key's columns must be NOT NULL in the query.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE TABLE o (PRIMARY KEY (id) NOT ENFORCED) WITH ('connector'='filesystem','path'='${DIR}/o','format'='json') AS SELECT id, s FROM t;
SELECT * FROM o;
