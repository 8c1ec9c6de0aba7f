-- Blank lines between, and a header skipped by a condition.
CREATE TABLE a (id STRING, s STRING) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');
SELECT TRY_CAST(id AS INT) AS id, s FROM a WHERE id <> 'id';
