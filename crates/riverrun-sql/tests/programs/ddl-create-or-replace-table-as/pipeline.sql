-- CREATE OR REPLACE TABLE AS: created if it isn't there, else another takes its name.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE OR REPLACE TABLE o WITH ('connector'='filesystem','path'='${DIR}/o','format'='json') AS SELECT id, s FROM t;
CREATE OR REPLACE TABLE o WITH ('connector'='filesystem','path'='${DIR}/p','format'='json') AS SELECT p, id FROM t WHERE id > 1;
REPLACE TABLE o WITH ('connector'='filesystem','path'='${DIR}/q','format'='json') AS SELECT p * 2 AS q FROM t WHERE id > 1;
SELECT * FROM o;
