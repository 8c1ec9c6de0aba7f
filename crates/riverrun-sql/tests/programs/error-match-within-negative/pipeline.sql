-- WITHIN is no interval below 0.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS a ONE ROW PER MATCH PATTERN (A B) WITHIN INTERVAL -'1' SECOND DEFINE A AS A.id > 0);
