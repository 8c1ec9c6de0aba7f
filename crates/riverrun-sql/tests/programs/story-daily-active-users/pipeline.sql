-- Cumulated active users of a day, hour by hour.
CREATE TABLE v (u STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/v.json', 'format' = 'json');
SELECT window_start, window_end, COUNT(DISTINCT u) AS users, COUNT(*) AS visits FROM TABLE(CUMULATE(TABLE v, DESCRIPTOR(ts), INTERVAL '6' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end;
