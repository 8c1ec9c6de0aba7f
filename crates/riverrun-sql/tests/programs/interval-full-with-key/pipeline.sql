-- FULL interval join with a key that may be NULL.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
SELECT e.id, p.pid FROM (SELECT *, CASE k WHEN 'a' THEN 'EUR' WHEN 'b' THEN 'GBP' END AS cur FROM events) AS e FULL JOIN pays AS p ON e.cur = p.cur AND p.pt >= e.ts AND p.pt < e.ts + INTERVAL '30' SECOND;
