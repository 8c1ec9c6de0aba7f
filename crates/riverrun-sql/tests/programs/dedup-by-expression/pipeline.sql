-- Deduplicated by an expression, over a filtered table.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT g, id FROM (SELECT UPPER(COALESCE(k, '?')) AS g, id, ROW_NUMBER() OVER (PARTITION BY UPPER(COALESCE(k, '?')) ORDER BY ts) AS rn FROM events WHERE v IS NOT NULL) WHERE rn = 1;
