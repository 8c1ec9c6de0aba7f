-- The columns of * in a view are those at its creation: columns that are added later are not among them.
CREATE TABLE t (id INT, s STRING) WITH ('connector'='filesystem','path'='${DIR}/t.json','format'='json');
CREATE VIEW v AS SELECT * FROM t;
CREATE VIEW w AS SELECT DISTINCT * FROM (SELECT t.* FROM t) AS q;
CREATE VIEW x (a, b, c, d) AS SELECT * FROM t AS l JOIN t AS r ON l.id = r.id;
ALTER TABLE t ADD p INT FIRST;
SELECT v.*, w.s AS ws, x.* FROM v JOIN w ON v.id = w.id JOIN x ON v.id = x.a;
