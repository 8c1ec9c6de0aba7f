-- Where no rows of a key are kept, ON CONFLICT says nothing.
CREATE TABLE c (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/c.json', 'format' = 'debezium-json');
SET 'table.exec.sink.upsert-materialize' = 'NONE';
CREATE TABLE o (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT k, id FROM c ON CONFLICT DO ERROR;
SELECT 1;
