-- A PRIMARY KEY that is given no name is called PK_ and its columns.
CREATE TABLE t (a INT, b INT, c INT, PRIMARY KEY (a, b) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.json', 'format' = 'json');
ALTER TABLE t DROP CONSTRAINT PK_a_b;
ALTER TABLE t ADD PRIMARY KEY (c) NOT ENFORCED;
SELECT * FROM t;
