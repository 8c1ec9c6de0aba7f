-- Rows with the code of their change keep the event time: windows follow it.
CREATE TABLE c (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '${DIR}/c.json', 'format' = 'debezium-json');
CREATE VIEW w AS SELECT * FROM TO_CHANGELOG(TABLE c);
SELECT window_start, op, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, op;
