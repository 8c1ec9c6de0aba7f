-- Grouped by an expression that is selected in part of a larger one.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT 'm' || CAST(MOD(id, 3) AS STRING) AS g, MOD(id, 3) + 1 AS g1, COUNT(*) AS n FROM plain GROUP BY MOD(id, 3);
