-- The first branch says that the column is an event time; the others are timestamps.
CREATE TABLE t (id INT, k STRING, v INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE p (pid INT, pts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/p.json', 'format' = 'json');
CREATE VIEW x AS SELECT id, ts FROM t UNION ALL SELECT pid, pts FROM p;
SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE x, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
