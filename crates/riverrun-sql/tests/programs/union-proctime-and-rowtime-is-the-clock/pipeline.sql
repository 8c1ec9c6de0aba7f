-- What a union calls processing time is the clock's in all of its rows.
CREATE TABLE t (id INT, k STRING, v INT, ts TIMESTAMP(3), proc AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
CREATE TABLE u (uid INT, uk STRING, name STRING, uts TIMESTAMP(3), uproc AS PROCTIME(), WATERMARK FOR uts AS uts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');

SELECT id, YEAR(x) >= 2025 AS y FROM (SELECT id, proc AS x FROM t UNION ALL SELECT uid, uts FROM u);
