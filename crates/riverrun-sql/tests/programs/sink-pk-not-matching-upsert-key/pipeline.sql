-- A sink whose primary key isn't the key of the updates.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE o (n BIGINT, m INT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'debezium-json');
INSERT INTO o SELECT COUNT(*), MAX(id) FROM events GROUP BY k;
SELECT n FROM o;
