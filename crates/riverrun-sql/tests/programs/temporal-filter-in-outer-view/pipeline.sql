CREATE TABLE pay (id INT, cur STRING, amt INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/pay.json','format'='json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6,2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt) WITH ('connector'='filesystem','path'='${DIR}/rates.json','format'='json');
CREATE VIEW v0 AS SELECT cur, rate, rt FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cur ORDER BY rt DESC) AS rn FROM rates) WHERE rn = 1;
CREATE VIEW v AS SELECT cur, rate, rt FROM v0 WHERE rate > 1;
SELECT p.id, v.rate FROM pay p LEFT JOIN v FOR SYSTEM_TIME AS OF p.ts ON p.cur = v.cur;
