-- Session having.
CREATE TABLE taps (
  id INT, visitor STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/taps.json', 'format' = 'json');
SELECT visitor, window_start, window_end, COUNT(*) AS n FROM TABLE(SESSION(TABLE taps PARTITION BY visitor, DESCRIPTOR(ts), INTERVAL '7' SECOND)) GROUP BY visitor, window_start, window_end HAVING COUNT(*) > 1;
