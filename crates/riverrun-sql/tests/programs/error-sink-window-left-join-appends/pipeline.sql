-- A left window join into a sink that only takes new rows.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE a (id INT, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a', 'format' = 'csv');
INSERT INTO a SELECT l.id, r.n FROM (SELECT * FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) l LEFT JOIN (SELECT window_start, window_end, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE v > 15 GROUP BY window_start, window_end, k) r ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end;
SELECT * FROM a;
