-- What is computed of an event time and still printed as one.
CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT TIMESTAMPADD(DAY, 7, ts) AS a, TIMESTAMPADD(MONTH, 1, ts) AS b, COALESCE(ts, TIMESTAMP '2024-01-01 00:00:00') AS c, GREATEST(ts, ts) AS d, IFNULL(ts, ts) AS e, IF(id = 1, ts, CAST(NULL AS TIMESTAMP(3))) AS f, COALESCE(ts, CAST(NULL AS TIMESTAMP(3))) AS g FROM ev WHERE id = 1;
