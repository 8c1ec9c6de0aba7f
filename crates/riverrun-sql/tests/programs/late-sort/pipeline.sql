-- Late rows: one that is too late for its place behind ORDER BY. Rows that are before the watermark, but after all that has come out, are not.

CREATE TABLE s (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '12' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/s.json', 'format' = 'json');
SELECT k, v, ts FROM s ORDER BY ts, v;
