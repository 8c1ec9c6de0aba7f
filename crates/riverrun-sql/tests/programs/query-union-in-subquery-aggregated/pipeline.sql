-- Several levels of UNION ALL with constants.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT src, COUNT(*) AS n FROM (SELECT 'lo' AS src, id FROM plain WHERE v < 10 UNION ALL (SELECT 'hi', id FROM plain WHERE v >= 10 UNION ALL SELECT 'nil', id FROM plain WHERE v IS NULL)) GROUP BY src;
