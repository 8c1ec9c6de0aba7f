-- A row with an array in it, in CSV.
CREATE TABLE t (a ROW<x INT, y ARRAY<STRING>>, b INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv');
SELECT * FROM t;
