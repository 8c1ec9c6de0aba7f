-- Groups by an event time rounded down.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT FLOOR(ts TO MINUTE) AS m, COUNT(*) AS n FROM events GROUP BY FLOOR(ts TO MINUTE);
