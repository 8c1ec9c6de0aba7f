-- One payment looked up twice, from and to.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
CREATE VIEW versioned AS SELECT cur, rate, rt FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cur ORDER BY rt DESC) AS rn FROM rates) WHERE rn = 1;
SELECT p.pid, r.rate AS r1, g.rate AS gbp FROM pays AS p JOIN versioned FOR SYSTEM_TIME AS OF p.pt AS r ON p.cur = r.cur JOIN versioned FOR SYSTEM_TIME AS OF p.pt AS g ON g.cur = 'GBP' AND g.cur <> p.cur;
