-- The rows of TO_CHANGELOG find the version of their own time.
CREATE TABLE c (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/c.json', 'format' = 'debezium-json');
CREATE TABLE rates (k STRING, rate INT, rts TIMESTAMP(3), WATERMARK FOR rts AS rts, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/rates.json', 'format' = 'debezium-json');
CREATE VIEW w AS SELECT * FROM TO_CHANGELOG(TABLE c);
SELECT w.id, w.op, rates.rate FROM w JOIN rates FOR SYSTEM_TIME AS OF w.ts ON w.k = rates.k;
