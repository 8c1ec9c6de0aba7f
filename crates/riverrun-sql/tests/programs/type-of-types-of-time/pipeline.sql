-- TYPEOF leaves out that a value is a time attribute, but of what is nested.
CREATE TABLE ev (id INT, k STRING, g STRING, q INT, p DECIMAL(10,2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem','path'='${DIR}/ev.json','format'='json');
SELECT TYPEOF(ts, TRUE) AS u, TYPEOF(COALESCE(ts, ts)) AS w, TYPEOF(window_time) AS x, TYPEOF(window_start) AS y FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' SECOND)) WHERE id = 1;
