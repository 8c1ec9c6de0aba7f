-- A time attribute within a row through a computed column.
CREATE TABLE e (meta ROW<`at` TIMESTAMP(3), src STRING>, v INT, ts AS meta.`at`, WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
SELECT window_start, meta_src, SUM(v) AS s FROM (SELECT window_start, window_end, meta.src AS meta_src, v FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '1' MINUTE))) GROUP BY window_start, window_end, meta_src;
