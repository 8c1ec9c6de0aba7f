-- Casts of columns that round and cut.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, CAST(amt AS DECIMAL(4, 1)) AS a, CAST(amt AS INT) AS b, CAST(d AS DECIMAL(10, 2)) AS c, CAST(d AS BIGINT) AS e FROM events;
