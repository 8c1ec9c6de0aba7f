-- Matches joined with names and counted.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
SELECT d.name, COUNT(*) AS n FROM (SELECT * FROM events MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES a.v AS av ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (a b) DEFINE b AS b.id > a.id) AS m) AS x JOIN dims AS d ON x.k = d.k GROUP BY d.name;
