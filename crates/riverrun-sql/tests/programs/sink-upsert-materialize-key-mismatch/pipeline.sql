-- An updating join into a sink with another key.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE dims (k STRING, name STRING, weight DOUBLE)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/dims.json', 'format' = 'json');
CREATE TABLE a (name STRING, n BIGINT, PRIMARY KEY (name) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a', 'format' = 'debezium-json');
INSERT INTO a SELECT d.name, c.n FROM (SELECT k, COUNT(*) AS n FROM events GROUP BY k) c JOIN dims d ON c.k = d.k;
SELECT * FROM a;
