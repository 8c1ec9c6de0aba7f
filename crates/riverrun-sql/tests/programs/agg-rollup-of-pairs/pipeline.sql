-- ROLLUP of composite elements, combined with a plain column.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT MOD(id, 2) AS h, k, v, COUNT(*) AS n FROM plain WHERE id < 8 GROUP BY MOD(id, 2), ROLLUP((k, v));
