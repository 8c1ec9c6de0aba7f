-- A versioned table with a key of two columns.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE r (cur STRING, bank INT, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt, PRIMARY KEY (cur, bank) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/r.json', 'format' = 'json');
SELECT p.pid, r.rate, r.bank FROM (SELECT *, MOD(pid, 2) AS b FROM pays) p JOIN r FOR SYSTEM_TIME AS OF p.pt AS r ON p.cur = r.cur AND p.b = r.bank;
