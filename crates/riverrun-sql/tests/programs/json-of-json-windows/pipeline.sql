-- JSON is nested by an aggregation of windows, and quoted beside a window's columns.
CREATE TABLE t (id INT NOT NULL, dev STRING, v DOUBLE, ts TIMESTAMP(3), tags ARRAY<STRING>, WATERMARK FOR ts AS ts)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/events.json', 'format' = 'json');
SELECT window_start, JSON_ARRAYAGG(j) AS a, CAST(NULL AS STRING) AS o FROM TABLE(TUMBLE((SELECT ts, id, JSON_OBJECT('id' VALUE id) AS j FROM t), DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, id
UNION ALL SELECT TUMBLE_START(ts, INTERVAL '5' MINUTE), JSON_ARRAYAGG(j), JSON_OBJECTAGG(KEY 'a' VALUE j) FROM (SELECT ts, id, JSON_OBJECT('id' VALUE id) AS j FROM t) GROUP BY TUMBLE(ts, INTERVAL '5' MINUTE), id
UNION ALL SELECT window_start, JSON_OBJECT('x' VALUE j), CAST(NULL AS STRING) FROM TABLE(TUMBLE((SELECT JSON_OBJECT('id' VALUE id) AS j, ts FROM t), DESCRIPTOR(ts), INTERVAL '5' MINUTE))
UNION ALL SELECT window_start, JSON_OBJECT('above' VALUE j), CAST(NULL AS STRING) FROM (SELECT window_start, JSON_OBJECT('id' VALUE id) AS j FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE)));
