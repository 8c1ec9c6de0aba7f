-- Only rows whose value differs from that before.
CREATE TABLE events (
  id INT, k STRING, v INT, amt DECIMAL(10, 2), d DOUBLE, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT id, k, v, pv FROM (SELECT id, k, v, LAG(v) OVER (PARTITION BY k ORDER BY ts) AS pv FROM events) WHERE v <> pv OR (v IS NULL) <> (pv IS NULL);
