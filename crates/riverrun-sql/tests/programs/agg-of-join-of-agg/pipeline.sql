-- A join of two aggregates with a condition over both.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT a.k, a.n, b.t FROM (SELECT k, COUNT(*) AS n FROM events GROUP BY k) a, (SELECT COUNT(*) AS t FROM events) b WHERE a.n * 3 > b.t;
