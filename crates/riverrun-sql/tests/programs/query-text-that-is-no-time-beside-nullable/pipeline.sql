-- Whether a text that is no time equals a time that may be NULL is unknown: NOT makes no TRUE of it.
CREATE TABLE t (
  id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3),
  dt AS CAST(ts AS DATE), tm AS CAST(ts AS TIME), ltz AS CAST(ts AS TIMESTAMP_LTZ(3))
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT id, dt = s AS a, s <> tm AS b, ts = s AS c, ltz <> s AS d, dt = CAST(dt AS STRING) AS e FROM t WHERE NOT (dt = s) IS TRUE AND (v > 3 OR NOT (ts = s));
