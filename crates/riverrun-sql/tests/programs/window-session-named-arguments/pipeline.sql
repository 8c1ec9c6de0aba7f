-- Session named arguments.
CREATE TABLE taps (
  id INT, visitor STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/taps.json', 'format' = 'json');
SELECT visitor, window_start, window_end, window_time, COUNT(*) AS n FROM TABLE(SESSION(DATA => TABLE taps PARTITION BY visitor, TIMECOL => DESCRIPTOR(ts), GAP => INTERVAL '5' SECOND)) GROUP BY window_start, window_end, window_time, visitor;
