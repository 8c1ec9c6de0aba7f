-- FIRST_VALUE, LAST_VALUE and LISTAGG follow the order of arrival.
CREATE TABLE t (
  id INT, k STRING, v INT, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/in.json', 'format' = 'json');
SELECT window_start, FIRST_VALUE(id) AS f, LAST_VALUE(id) AS l, LISTAGG(CAST(id AS STRING)) AS s FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
