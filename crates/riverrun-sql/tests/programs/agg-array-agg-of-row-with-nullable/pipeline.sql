-- ARRAY_AGG of rows with a field that may be NULL.
CREATE TABLE t (k STRING, i INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv');
SELECT k, ARRAY_AGG(ROW(i, k)) AS b, ARRAY_AGG(ARRAY[i]) AS c FROM t GROUP BY k;
