-- Windows over a left temporal join.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
CREATE VIEW vr AS SELECT cur, rate, rt FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cur ORDER BY rt DESC) AS rn FROM rates) WHERE rn = 1;
SELECT window_start, SUM(x) AS s FROM TABLE(TUMBLE((SELECT p.pt, p.amt * COALESCE(v.rate, 1) AS x FROM pays AS p LEFT JOIN vr FOR SYSTEM_TIME AS OF p.pt AS v ON p.cur = v.cur), DESCRIPTOR(pt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
