-- A temporal join without equality.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE r (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt, PRIMARY KEY (cur) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
SELECT * FROM pays p JOIN r FOR SYSTEM_TIME AS OF p.pt AS r ON p.cur < r.cur;
