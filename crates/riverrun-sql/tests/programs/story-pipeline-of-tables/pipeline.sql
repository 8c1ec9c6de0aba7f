-- Three steps through tables: cleaned, summed up by window, read back and ranked.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE clean (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/clean', 'format' = 'csv');
CREATE TABLE sums (ws TIMESTAMP(3), k STRING, s INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/sums', 'format' = 'json');
INSERT INTO clean SELECT id, UPPER(k), v, ts FROM events WHERE k IS NOT NULL AND v > 0;
INSERT INTO sums SELECT window_start, k, SUM(v) FROM TABLE(TUMBLE(TABLE clean, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k;
SELECT ws, k, s FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY ws ORDER BY s DESC) AS rn FROM sums) WHERE rn = 1;
