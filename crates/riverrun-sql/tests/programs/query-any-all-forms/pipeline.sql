-- Quantified comparisons of each kind.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, v FROM plain WHERE v >= ALL (SELECT w FROM (VALUES (5), (10)) AS x(w)) AND v < ANY (SELECT w FROM (VALUES (30), (40)) AS x(w)) AND v <> ALL (SELECT w FROM (VALUES (20)) AS x(w));
