-- The first branch says that the column is processing time.
CREATE TABLE u (uid INT, uk STRING, name STRING, uts TIMESTAMP(3), uproc AS PROCTIME(), WATERMARK FOR uts AS uts) WITH ('connector' = 'filesystem', 'path' = '${DIR}/u.json', 'format' = 'json');
CREATE TABLE p (pid INT, pts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/p.json', 'format' = 'json');

SELECT uid, uproc FROM u WHERE uid < 0 UNION ALL SELECT pid AS id, pts AS x FROM p WHERE pid < 0;
