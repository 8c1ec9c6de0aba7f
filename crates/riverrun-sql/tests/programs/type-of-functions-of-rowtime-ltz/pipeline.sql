-- What is computed of an event time and still printed as one.
CREATE TABLE evl (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), tx STRING, ts AS TO_TIMESTAMP_LTZ(UNIX_TIMESTAMP(tx),0), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/evl.json','format'='json');
SELECT TIMESTAMPADD(DAY, 7, ts) AS a, CASE WHEN id = 1 THEN ts ELSE TO_TIMESTAMP_LTZ(0, 3) END AS b, LEAST(ts, TO_TIMESTAMP_LTZ(0, 3)) AS c FROM evl WHERE id = 1;
