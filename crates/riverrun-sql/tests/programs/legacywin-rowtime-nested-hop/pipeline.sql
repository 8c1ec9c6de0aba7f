-- A hop over the row times of a tumble.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT HOP_START(r, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE) AS s, SUM(n) AS n FROM (SELECT TUMBLE_ROWTIME(ts, INTERVAL '30' SECOND) AS r, COUNT(*) AS n FROM events GROUP BY TUMBLE(ts, INTERVAL '30' SECOND)) GROUP BY HOP(r, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE);
