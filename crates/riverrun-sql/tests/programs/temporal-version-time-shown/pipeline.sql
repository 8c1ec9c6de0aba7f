CREATE TABLE pay (id INT, cur STRING, amt INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='${DIR}/pay.json','format'='json');
CREATE TABLE rates (cur STRING, rate DECIMAL(6,2), rt TIMESTAMP(3), WATERMARK FOR rt AS rt) WITH ('connector'='filesystem','path'='${DIR}/rates.json','format'='json');
CREATE VIEW v AS SELECT cur, COUNT(*) AS rate, MAX(rt) AS rt FROM rates GROUP BY cur;
SELECT p.id, v.rate, v.rt FROM pay p LEFT JOIN v FOR SYSTEM_TIME AS OF p.ts ON p.cur = v.cur AND v.rate > 1;
