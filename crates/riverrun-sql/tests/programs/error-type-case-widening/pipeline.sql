-- The type of a CASE whose branches differ.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT CASE WHEN v > 10 THEN 1 WHEN v > 5 THEN 2.5 ELSE CAST(3 AS BIGINT) END AS a, CASE WHEN v > 10 THEN 'ab' ELSE 'c' END AS b, CASE WHEN v > 1 THEN DATE '2024-01-01' ELSE ts END AS c FROM events WHERE id < 3;
