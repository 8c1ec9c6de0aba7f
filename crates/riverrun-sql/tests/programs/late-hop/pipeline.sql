-- Late rows: a row still counts in the hopping windows that have not fired.
CREATE TABLE t (
  v STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/in.json',
  'format' = 'json'
);
SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '4' MINUTE)) GROUP BY window_start, window_end;
