-- From versions with their time to periods of validity.
CREATE TABLE rates (cur STRING, rate DECIMAL(6, 2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'json');
SELECT cur, prev_rate, prev_rt AS valid_from, rt AS valid_to FROM (SELECT cur, rt, LAG(rate) OVER (PARTITION BY cur ORDER BY rt) AS prev_rate, LAG(rt) OVER (PARTITION BY cur ORDER BY rt) AS prev_rt FROM rates) WHERE prev_rt IS NOT NULL;
