-- SUM and AVG of the small number types.
CREATE TABLE t (a TINYINT, b SMALLINT, c FLOAT, d DECIMAL(3, 1)) WITH ('connector' = 'filesystem', 'path' = '${DIR}/t.csv', 'format' = 'csv');
SELECT SUM(a) AS a, SUM(b) AS b, SUM(c) AS c, SUM(d) AS d, AVG(a) AS e, AVG(b) AS f, AVG(c) AS g, AVG(d) AS h FROM t;
