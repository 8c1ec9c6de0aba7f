-- Two updating aggregates joined and ranked.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT a.k, a.s, b.m FROM (SELECT k, SUM(v) AS s FROM plain GROUP BY k) AS a JOIN (SELECT k, MAX(amt) AS m FROM plain GROUP BY k) AS b ON a.k = b.k;
