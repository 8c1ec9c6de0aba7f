-- LISTAGG over a session lists rows as they came.
CREATE TABLE t (
  v STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE
) WITH (
  'connector' = 'filesystem',
  'path' = '${DIR}/in.json',
  'format' = 'json'
);
SELECT window_start, window_end, LISTAGG(v) AS f FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
