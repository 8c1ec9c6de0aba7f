-- Grouped by a key and the time attribute, with the time selected in an expression too.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, ts, ts + INTERVAL '1' SECOND AS later, COUNT(*) AS n FROM events GROUP BY k, ts;
