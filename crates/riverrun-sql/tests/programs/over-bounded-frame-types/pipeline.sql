-- A bounded frame is taken for one that may be empty: only COUNT is never NULL.
CREATE TABLE l (k STRING NOT NULL, v INT NOT NULL, d DECIMAL(5, 2), ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/l.json', 'format' = 'json');
SELECT LISTAGG(k) OVER w AS a, COLLECT(k) OVER w AS b, ARRAY_AGG(v) OVER w AS c, COUNT(DISTINCT v) OVER w AS d, COUNT(*) OVER w AS e, MAX(ts) OVER w AS f, SUM(d) OVER w AS g, SUM(DISTINCT v) OVER w AS h, JSON_ARRAYAGG(v) OVER w AS i FROM l WINDOW w AS (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
