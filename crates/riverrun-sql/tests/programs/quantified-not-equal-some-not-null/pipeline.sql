-- <> SOME of equal values that can't be NULL.
CREATE TABLE a (x INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.csv', 'format' = 'csv');
CREATE TABLE b (y INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/b.csv', 'format' = 'csv');
SELECT x FROM a WHERE x <> SOME (SELECT y FROM b);
