-- FILTER with LISTAGG, FIRST_VALUE and DISTINCT.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, MIN(v) FILTER (WHERE v > 10) AS a, LISTAGG(CAST(id AS STRING)) FILTER (WHERE v > 10) AS b, COUNT(DISTINCT v) FILTER (WHERE id < 8) AS c, FIRST_VALUE(id) FILTER (WHERE v = 10) AS e FROM events GROUP BY k;
