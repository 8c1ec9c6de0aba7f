-- NTILE, PERCENT_RANK, CUME_DIST in streaming mode.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, NTILE(2) OVER (PARTITION BY k ORDER BY ts) AS nt FROM events;
