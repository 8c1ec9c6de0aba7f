-- Rows that are sorted by time go on in the order of their times.

CREATE TABLE s (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '12' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/s.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT k, v, ts FROM s ORDER BY ts), DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
