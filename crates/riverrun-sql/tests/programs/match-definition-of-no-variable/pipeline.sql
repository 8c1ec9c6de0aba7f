-- DEFINE may say what a variable is that the pattern hasn't.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS a ONE ROW PER MATCH PATTERN (A) DEFINE A AS A.id > 1, B AS B.id > 0);
