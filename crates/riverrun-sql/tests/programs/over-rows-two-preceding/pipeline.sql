-- The last three rows' mean, minimum and list.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, k, AVG(amt) OVER w AS a, MIN(v) OVER w AS mi, MAX(d) OVER w AS ma, LISTAGG(CAST(id AS STRING)) OVER w AS l FROM events WINDOW w AS (PARTITION BY k ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
