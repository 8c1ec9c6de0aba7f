-- The last quantifier of a pattern must not be greedy, though it be bounded.
CREATE TABLE t (id INT, s STRING, p INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS a ONE ROW PER MATCH PATTERN (A B{1,2}) DEFINE A AS A.id > 0);
