-- Scalar subqueries within expressions.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, v - (SELECT AVG(v) FROM plain) AS diff, CASE WHEN v > (SELECT AVG(v) FROM plain) THEN 'above' ELSE 'below' END AS s FROM plain;
