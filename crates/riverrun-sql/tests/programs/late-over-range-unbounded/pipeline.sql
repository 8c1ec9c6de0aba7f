-- Late rows over RANGE UNBOUNDED PRECEDING.
CREATE TABLE r (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
SELECT k, v, ts, COUNT(*) OVER (PARTITION BY k ORDER BY ts) AS n FROM r;
