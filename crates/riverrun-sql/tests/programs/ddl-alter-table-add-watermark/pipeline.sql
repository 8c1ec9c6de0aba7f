-- ALTER TABLE ADD WATERMARK makes a time attribute; positions FIRST and AFTER.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
ALTER TABLE plain ADD WATERMARK FOR ts AS ts - INTERVAL '5' SECOND;
ALTER TABLE plain ADD (first_one AS 1) ;
SELECT window_start, window_end, SUM(v) AS s FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
