-- Arrays and rows within a field by array-element-delimiter.
CREATE TABLE a (id INT, s ARRAY<STRING>, n ARRAY<INT>, r ROW<p INT, q STRING>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');
SELECT * FROM a;
