-- A full interval join with a left row that has no partner.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
SELECT p.pid, r.rate FROM pays p FULL JOIN rates r ON p.cur = r.cur AND r.rt >= p.pt - INTERVAL '10' SECOND AND r.rt < p.pt + INTERVAL '20' SECOND;
