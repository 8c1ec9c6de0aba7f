-- The bare window function drops nothing, late or not.
CREATE TABLE t (
  v STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/in.json',
  'format' = 'json'
);
SELECT ts, window_start, window_end FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '4' MINUTE));
