-- IN, BETWEEN, AND, OR and NOT side by side.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM events WHERE v BETWEEN 5 AND 20 AND k IN ('a', 'b') OR NOT v BETWEEN 0 AND 100;
