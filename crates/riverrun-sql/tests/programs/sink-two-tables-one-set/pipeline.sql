-- Updates to one sink and rows to another, from one source.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE a (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a', 'format' = 'debezium-json');
CREATE TABLE b (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/b', 'format' = 'csv');
EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT k, COUNT(*) FROM events WHERE k IS NOT NULL GROUP BY k; INSERT INTO b SELECT id FROM events WHERE v > 10; END;
SELECT * FROM a UNION ALL SELECT 'b', COUNT(*) FROM b;
