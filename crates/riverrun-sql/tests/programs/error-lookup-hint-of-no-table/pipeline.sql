-- The hint LOOKUP names a table that is not in FROM.
CREATE TABLE e (id INT, k STRING, v INT, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/e.json', 'format' = 'json');
CREATE TABLE rates (k STRING, rate INT, rts TIMESTAMP(3), WATERMARK FOR rts AS rts, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'debezium-json');
SELECT /*+ LOOKUP('table'='ratesx', 'async'='true') */ e.id, rates.rate FROM e JOIN rates FOR SYSTEM_TIME AS OF e.ts ON e.k = rates.k;
