-- A window over the result of an interval join.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE VIEW j AS SELECT e.id, p.pid, p.amt, p.pt FROM events AS e JOIN pays AS p ON MOD(e.id, 2) = MOD(p.pid, 2) AND p.pt BETWEEN e.ts - INTERVAL '10' SECOND AND e.ts + INTERVAL '10' SECOND;
SELECT window_start, COUNT(*) AS n, SUM(amt) AS s FROM TABLE(TUMBLE(TABLE j, DESCRIPTOR(pt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
