-- Over union.
CREATE TABLE clicks (
  id INT, user_name STRING, url STRING, millis INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '20' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clicks.json', 'format' = 'json');
CREATE VIEW u AS SELECT id, ts FROM clicks WHERE id < 5 UNION ALL SELECT id + 100, ts FROM clicks WHERE id > 5;
SELECT window_start, window_end, COUNT(*) AS n, MAX(id) AS m FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
