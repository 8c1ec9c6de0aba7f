-- Rows that are sorted come before the watermark that holds after the last of them.
CREATE TABLE l (k STRING NOT NULL, v INT NOT NULL, d DECIMAL(5, 2), ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/l.json', 'format' = 'json');

SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE) AS w, COUNT(*) AS n FROM (SELECT k, ts FROM l ORDER BY ts) GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE);
