-- An aggregate over the results of a GROUP BY.
CREATE TABLE r (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
SELECT k, COUNT(*) AS c, SUM(COUNT(*)) OVER (ORDER BY k) AS s FROM r GROUP BY k;
