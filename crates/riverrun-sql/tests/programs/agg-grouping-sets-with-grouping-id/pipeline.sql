-- GROUPING SETS, with GROUPING and GROUPING_ID telling the sets apart.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, v > 10 AS big, GROUPING(k) AS gk, GROUPING(v > 10) AS gb, GROUPING_ID(k, v > 10) AS gi, COUNT(*) AS n, SUM(amt) AS s FROM plain GROUP BY GROUPING SETS ((k, v > 10), (k), ());
