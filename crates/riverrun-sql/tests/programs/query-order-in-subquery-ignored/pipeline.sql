-- ORDER BY in a subquery has no effect, LIMIT has.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT COUNT(*) AS n, MAX(id) AS m FROM (SELECT id FROM plain ORDER BY id LIMIT 4);
