CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT SINGLE_VALUE(ARRAY[id]) AS b, SINGLE_VALUE(id > 1) AS c, SINGLE_VALUE(CAST(id AS DOUBLE)) AS d FROM ev WHERE id = 2;
