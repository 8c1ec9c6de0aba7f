-- A delimiter of two characters.
CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t', 'format' = 'csv', 'csv.field-delimiter' = '||');
SELECT * FROM t;
