-- Expressions in, over and around OVER, and an expression to partition by.
CREATE TABLE r (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
SELECT k, SUM(v) OVER w * 2 + 1 AS s, MAX(v + 1) OVER w AS m FROM r WINDOW w AS (PARTITION BY UPPER(k) ORDER BY ts);
