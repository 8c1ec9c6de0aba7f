-- The time attribute survives views, renames, filters and UNION ALL.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE VIEW a AS SELECT id AS i, ts AS t, v FROM events WHERE v > 5;
CREATE VIEW b (j, tt, w) AS SELECT i, t, v FROM a WHERE MOD(i, 2) = 0 UNION ALL SELECT i, t, -v FROM a WHERE MOD(i, 2) = 1;
SELECT window_start, SUM(w) AS s, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE b, DESCRIPTOR(tt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
