-- NULLIF, IFNULL, COALESCE and IF over columns.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, NULLIF(v, 10) AS n, IFNULL(k, 'none') AS f, COALESCE(amt, d, 0) AS c, IF(v > 10, amt, 0) AS i FROM plain;
