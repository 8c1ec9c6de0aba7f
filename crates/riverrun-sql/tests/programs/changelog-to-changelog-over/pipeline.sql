-- OVER by the event time of TO_CHANGELOG's rows adds results only.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM TO_CHANGELOG(TABLE e);
SELECT id, op, SUM(v) OVER (PARTITION BY k ORDER BY ts) AS n FROM w;
