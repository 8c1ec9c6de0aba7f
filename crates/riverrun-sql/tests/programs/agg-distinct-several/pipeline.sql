-- Several DISTINCT aggregates with filters over different columns.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, COUNT(DISTINCT v) AS dv, COUNT(DISTINCT v) FILTER (WHERE id > 5) AS dvf, SUM(DISTINCT v) AS sv, AVG(DISTINCT v) AS av, COUNT(DISTINCT amt) AS da, COUNT(*) AS n, COUNT(v) AS cv FROM plain GROUP BY k;
