CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT SINGLE_VALUE(k) AS c, SINGLE_VALUE(p) AS d, SINGLE_VALUE(ts) AS e FROM ev WHERE id = 4;
