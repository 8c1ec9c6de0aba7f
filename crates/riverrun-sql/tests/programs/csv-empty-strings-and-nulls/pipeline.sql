-- Empty fields with and without quotes where the empty text is NULL.
CREATE TABLE t (a STRING, b INT, c STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv', 'csv.null-literal' = '');
SELECT a IS NULL AS an, b IS NULL AS bn, c FROM t;
