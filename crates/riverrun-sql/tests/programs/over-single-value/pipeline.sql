CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT id, SINGLE_VALUE(id) OVER (PARTITION BY id ORDER BY ts) AS c FROM ev;
