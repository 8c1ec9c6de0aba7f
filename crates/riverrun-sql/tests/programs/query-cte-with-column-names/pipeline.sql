-- WITH with a list of columns.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
WITH s (key_of, total, cnt) AS (SELECT k, SUM(v), COUNT(*) FROM plain GROUP BY k)
SELECT key_of, total, total / cnt AS mean FROM s WHERE cnt > 1;
