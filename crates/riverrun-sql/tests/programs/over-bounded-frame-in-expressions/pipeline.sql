-- What is computed of a bounded frame may be NULL by its type.
CREATE TABLE l (k STRING NOT NULL, v INT NOT NULL, d DECIMAL(5, 2), ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/l.json', 'format' = 'json');
SELECT COALESCE(SUM(v) OVER (ORDER BY ts ROWS 1 PRECEDING), 0) AS c, SUM(v) OVER (ORDER BY ts ROWS 1 PRECEDING) + 1 AS d, SUM(v) OVER (ORDER BY ts ROWS 1 PRECEDING) IS NULL AS e FROM l;
