-- What is computed of a time attribute is none.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT COUNT(*) AS n FROM TABLE(TUMBLE((SELECT ts + INTERVAL '1' SECOND AS x FROM t), DESCRIPTOR(x), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
