-- Changes out of rows with codes keep the event time: windows follow it.
CREATE TABLE r (id INT, op STRING, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
CREATE VIEW w AS SELECT * FROM FROM_CHANGELOG(TABLE r);
SELECT window_start, COUNT(*) AS n, SUM(v) AS s FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
