-- Top-N with a constant partition.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY 1 ORDER BY id DESC) AS rn FROM events) WHERE rn <= 3;
