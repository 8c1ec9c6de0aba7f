-- Each row of a set operation comes before the watermark that held after it.
CREATE TABLE l (k STRING NOT NULL, v INT NOT NULL, d DECIMAL(5, 2), ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/l.json', 'format' = 'json');

SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS w, COUNT(*) AS n, MAX(k) AS m FROM (SELECT k, ts FROM l EXCEPT SELECT k, ts FROM l WHERE v = 2) GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
