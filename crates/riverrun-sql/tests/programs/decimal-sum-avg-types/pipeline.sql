-- Types of sums and averages over computed decimals.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT SUM(amt * 2) AS a, AVG(amt * amt) AS b, SUM(amt / 3) AS c, SUM(amt + v) AS d, MIN(amt - 1.005) AS e FROM events;
