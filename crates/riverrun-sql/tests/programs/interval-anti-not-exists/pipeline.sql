-- NOT EXISTS with conditions on both times.
CREATE TABLE pays (pid INT, cur STRING, amt DECIMAL(10, 2), pt TIMESTAMP(3), WATERMARK FOR pt AS pt - INTERVAL '15' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/pays.json', 'format' = 'json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
SELECT pid FROM pays p WHERE NOT EXISTS (SELECT 1 FROM rates r WHERE p.cur = r.cur AND r.rt BETWEEN p.pt - INTERVAL '20' SECOND AND p.pt);
