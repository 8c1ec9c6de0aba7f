-- INTERSECT of grouped and plain rows with several columns.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, MAX(v) AS m FROM plain GROUP BY k INTERSECT SELECT k, v FROM plain;
