-- Each row of a set operation comes before the watermark that held after it.
CREATE TABLE l (k STRING NOT NULL, v INT NOT NULL, d DECIMAL(5, 2), ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/l.json', 'format' = 'json');

SELECT SESSION_START(ts, INTERVAL '20' SECOND) AS w, COUNT(*) AS n FROM (SELECT k, ts FROM l INTERSECT SELECT k, ts FROM l) GROUP BY SESSION(ts, INTERVAL '20' SECOND);
