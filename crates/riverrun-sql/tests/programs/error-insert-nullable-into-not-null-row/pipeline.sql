-- NULL into NOT NULL at run time.
CREATE TABLE o (a INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${DIR}/out', 'format' = 'csv');
INSERT INTO o SELECT CAST(NULL AS INT);
SELECT * FROM o;
