-- Hops of a day by an hour over TIMESTAMP_LTZ in a zone of half an hour.
SET 'table.local-time-zone' = 'Asia/Kolkata';
CREATE TABLE e (id INT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(HOP(TABLE e, DESCRIPTOR(ts), INTERVAL '12' HOUR, INTERVAL '24' HOUR)) GROUP BY window_start, window_end;
