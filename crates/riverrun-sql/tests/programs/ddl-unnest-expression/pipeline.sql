-- UNNEST of an expression over a column.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, w FROM plain CROSS JOIN UNNEST(SPLIT(CONCAT(k, ',', k, 'x'), ',')) AS u(w) WHERE id < 4;
