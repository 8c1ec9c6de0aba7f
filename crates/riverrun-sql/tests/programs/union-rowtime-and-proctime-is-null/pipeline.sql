-- Processing time has no value yet where event times are wanted.
CREATE TABLE t (id INT, k STRING, v INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (uid INT, uk STRING, name STRING, uts TIMESTAMP(3), uproc AS PROCTIME(), WATERMARK FOR uts AS uts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');
CREATE TABLE p (pid INT, pts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/p.json', 'format' = 'json');

SELECT id, ts AS x FROM t UNION ALL SELECT pid, pts FROM p UNION ALL SELECT uid, uproc FROM u;
