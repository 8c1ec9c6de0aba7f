-- The bare session window drops rows whose session is over.
CREATE TABLE t (
  v STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/in.json',
  'format' = 'json'
);
SELECT ts, window_start, window_end FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
