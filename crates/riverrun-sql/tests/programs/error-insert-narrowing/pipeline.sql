-- INSERT of BIGINT into INT.
CREATE TABLE o (a INT) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv');
INSERT INTO o SELECT CAST(5 AS BIGINT);
SELECT * FROM o;
