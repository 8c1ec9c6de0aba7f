-- A filter that only lets nothing pass is another matter: no row comes, so there is no result. Nor is there one of functions whose
-- value over nothing the planner doesn't know, and of groups.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT COUNT(*) AS c FROM t WHERE id > 100
UNION ALL SELECT COUNT(*) FROM t WHERE FALSE GROUP BY s
UNION ALL SELECT CHAR_LENGTH(LISTAGG(s)) + COUNT(*) FROM t WHERE FALSE;
