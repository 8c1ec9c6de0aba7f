-- A named constraint, a key of two columns.
CREATE TABLE a (a INT NOT NULL, b STRING NOT NULL, c DOUBLE, CONSTRAINT pk PRIMARY KEY (a, b) NOT ENFORCED) COMMENT 'a table' WITH ('connector' = 'filesystem', 'path' = '${DIR}/a.json', 'format' = 'json');
SELECT * FROM a;
