-- A text is looked for in numbers as a text.
CREATE TABLE t (s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv');
SELECT s FROM t WHERE s IN (1, 2, 30);
