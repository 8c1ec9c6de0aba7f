-- An interval join aggregated, updated as pairs come.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
SELECT e.k, COUNT(*) AS n, SUM(p.amt) AS s FROM events AS e, pays AS p WHERE e.ts BETWEEN p.pt - INTERVAL '1' MINUTE AND p.pt GROUP BY e.k;
