-- LEFT interval join: rows without partner come out when none can come.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
SELECT e.id, p.pid FROM events AS e LEFT JOIN pays AS p ON e.ts BETWEEN p.pt - INTERVAL '5' SECOND AND p.pt + INTERVAL '5' SECOND AND e.v > 5;
