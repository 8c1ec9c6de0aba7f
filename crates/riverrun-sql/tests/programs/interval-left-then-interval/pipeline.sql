-- Two interval joins, one after the other.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
SELECT p.pid, r.rate, r2.rate AS rate2 FROM pays p LEFT JOIN rates r ON p.cur = r.cur AND r.rt BETWEEN p.pt - INTERVAL '30' SECOND AND p.pt LEFT JOIN rates r2 ON p.cur = r2.cur AND r2.rt BETWEEN p.pt AND p.pt + INTERVAL '30' SECOND;
