-- A number is looked for in texts as a number.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM events WHERE v IN ('10', ' 20', '7.9') OR amt IN ('0.010', '99.99') OR d IN ('0.10', '3');
