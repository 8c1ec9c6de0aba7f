-- Names of expressions without aliases.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id + 1, UPPER(k), COUNT(*) FROM plain GROUP BY id, k HAVING id < 3;
