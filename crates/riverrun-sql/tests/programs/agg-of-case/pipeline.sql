-- Conditional sums, the pivot by hand.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT MOD(id, 2) AS h, SUM(CASE WHEN k = 'a' THEN v ELSE 0 END) AS a, SUM(CASE WHEN k = 'b' THEN v END) AS b, COUNT(CASE WHEN k IS NULL THEN 1 END) AS nn, SUM(IF(v > 10, 1, 0)) AS big FROM plain GROUP BY MOD(id, 2);
