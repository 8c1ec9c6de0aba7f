CREATE TABLE rates (cur STRING, rate DECIMAL(6,2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt) WITH ('connector'='filesystem','path'='${DIR}/rates.json','format'='json');
SELECT cur, rate, rt FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cur ORDER BY rt) AS rn FROM rates) WHERE rn = 1;
