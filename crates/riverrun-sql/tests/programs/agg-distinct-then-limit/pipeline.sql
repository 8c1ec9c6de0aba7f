-- DISTINCT, ordered, limited.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT DISTINCT k FROM plain WHERE k IS NOT NULL ORDER BY k DESC LIMIT 2;
