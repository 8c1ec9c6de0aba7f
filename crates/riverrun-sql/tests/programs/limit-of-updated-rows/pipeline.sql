-- LIMIT of rows that are updated: each group is there once.
CREATE TABLE r (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
SELECT k, COUNT(*) AS n FROM r GROUP BY k LIMIT 5;
