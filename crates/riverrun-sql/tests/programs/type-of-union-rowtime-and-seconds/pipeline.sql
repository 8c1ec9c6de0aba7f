-- A timestamp of another precision ends the event time.
CREATE TABLE t (id INT, k STRING, v INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE p (pid INT, pts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/p.json', 'format' = 'json');

SELECT id, ts FROM t UNION ALL SELECT pid, CAST(pts AS TIMESTAMP(0)) FROM p;
