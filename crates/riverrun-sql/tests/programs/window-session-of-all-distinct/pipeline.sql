CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
CREATE TABLE e2 (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/e2.json','format'='json');
SELECT DISTINCT s, e FROM (SELECT window_start AS s, window_end AS e, k, COUNT(*) AS c, MAX(q) AS q FROM TABLE(SESSION(TABLE ev, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY k, window_start, window_end);
