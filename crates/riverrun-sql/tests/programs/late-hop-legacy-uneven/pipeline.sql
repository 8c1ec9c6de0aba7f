-- Late rows of hopping windows whose size is no multiple of the slide.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT HOP_START(ts, INTERVAL '40' SECOND, INTERVAL '1' MINUTE) AS s, COUNT(*) AS n FROM t GROUP BY HOP(ts, INTERVAL '40' SECOND, INTERVAL '1' MINUTE);
