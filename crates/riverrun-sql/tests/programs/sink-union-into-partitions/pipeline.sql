-- Partitions written by a union, read by a condition.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (id INT, part STRING) PARTITIONED BY (part) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv');
INSERT INTO o SELECT id, 'low' FROM plain WHERE v < 10 UNION ALL SELECT id, 'high' FROM plain WHERE v >= 10;
SELECT part, COUNT(*) AS n FROM o WHERE part LIKE 'h%' GROUP BY part;
