-- The columns of * in a view are those at its creation; one of them is gone.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE VIEW v AS SELECT * FROM t;
ALTER TABLE t DROP s;
SELECT id FROM v;
