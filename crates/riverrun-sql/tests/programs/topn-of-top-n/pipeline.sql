-- A Top-N of a Top-N.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, k, v FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY v DESC, id) AS r2 FROM (SELECT id, k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id) AS rn FROM plain) WHERE rn <= 2)) WHERE r2 <= 3;
