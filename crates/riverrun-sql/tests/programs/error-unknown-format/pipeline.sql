-- An unknown format.
CREATE TABLE a (id INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/x', 'format' = 'jason');
SELECT * FROM a;
