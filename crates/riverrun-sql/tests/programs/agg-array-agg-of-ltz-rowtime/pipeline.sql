CREATE TABLE evl (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), tx STRING, ts AS TO_TIMESTAMP_LTZ(UNIX_TIMESTAMP(tx),0), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/evl.json','format'='json');
SELECT ARRAY_AGG(ts) AS x FROM evl WHERE id = 1;
