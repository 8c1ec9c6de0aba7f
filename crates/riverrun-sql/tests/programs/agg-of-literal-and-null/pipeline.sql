-- Aggregates of constants.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT COUNT(1) AS c1, SUM(1) AS s1, MAX('x') AS m, COUNT(CAST(NULL AS INT)) AS c0, SUM(CAST(NULL AS INT)) AS s0, AVG(2.5) AS av FROM plain;
