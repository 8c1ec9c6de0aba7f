-- Quantified comparisons with a subquery.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, v FROM plain WHERE v > ALL (SELECT w FROM (VALUES (5), (10)) AS x(w)) OR v = ANY (SELECT w FROM (VALUES (1), (7)) AS x(w));
