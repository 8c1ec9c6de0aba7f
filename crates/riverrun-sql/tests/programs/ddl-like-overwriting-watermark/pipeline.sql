-- Another watermark over that of the source table.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE copy (WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) LIKE events (OVERWRITING WATERMARKS);
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE copy, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
