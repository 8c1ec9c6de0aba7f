-- A key and two inequalities.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT a.id AS a, b.id AS b FROM plain AS a JOIN plain AS b ON a.k = b.k AND a.v < b.v AND a.id <> b.id;
