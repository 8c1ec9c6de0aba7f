-- RANK and DENSE_RANK by time.
CREATE TABLE r (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
SELECT k, v, ts, RANK() OVER (PARTITION BY k ORDER BY ts) AS n, DENSE_RANK() OVER (PARTITION BY k ORDER BY ts) AS d FROM r;
