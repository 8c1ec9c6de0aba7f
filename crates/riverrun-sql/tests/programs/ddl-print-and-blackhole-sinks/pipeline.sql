-- Sinks that keep nothing.
CREATE TABLE plain (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE b1 (id INT) WITH ('connector' = 'blackhole');
CREATE TABLE b2 (k STRING, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO b1 SELECT id FROM plain;
INSERT INTO b2 SELECT k, COUNT(*) FROM plain GROUP BY k;
SELECT 1 AS one;
