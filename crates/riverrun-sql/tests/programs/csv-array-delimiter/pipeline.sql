-- Another delimiter of elements.
CREATE TABLE a (id INT, s ARRAY<STRING>) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.array-element-delimiter' = '|');
SELECT id, s, CARDINALITY(s) AS n FROM a;
