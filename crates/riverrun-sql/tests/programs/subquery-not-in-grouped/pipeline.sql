-- An aggregate's value NOT IN a subquery.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT k, MAX(v) AS m FROM events GROUP BY k HAVING MAX(v) NOT IN (SELECT v FROM events WHERE k = 'b' AND v IS NOT NULL);
