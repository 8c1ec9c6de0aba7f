-- Session rows filtered.
CREATE TABLE taps (
  id INT, visitor STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' MINUTE
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/taps.json', 'format' = 'json');
SELECT id, visitor, window_start, window_end FROM TABLE(SESSION(TABLE taps PARTITION BY visitor, DESCRIPTOR(ts), INTERVAL '7' SECOND)) WHERE visitor IS NOT NULL;
