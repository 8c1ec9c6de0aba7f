-- A temporal join whose versions come from a changelog with deletes, LEFT.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
CREATE TABLE vers (k STRING, p INT, ct TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ct AS ct) WITH ('connector' = 'filesystem', 'path' = '${DIR}/v.json', 'format' = 'debezium-json');
SELECT e.id, e.k, r.p FROM events AS e LEFT JOIN vers FOR SYSTEM_TIME AS OF e.ts AS r ON e.k = r.k;
